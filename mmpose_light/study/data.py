"""The study's data: which files, whether they are there, and the first few of them."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from ..utils.coco_json import read_coco, require
from ..utils.errors import MissingFileError, UserError
from ..utils.files import write_json

_REMEDY = (
    '`mmpose-light lspet2coco data/lspet` makes train.json and val.json from the LSPET '
    'download; other files are named by --data-root, --train-ann, --train-images, '
    '--val-ann and --val-images'
)


@dataclass(frozen=True)
class Split:
    """Annotations in COCO's format and the folder of their images."""

    ann_file: Path  # the annotations
    image_dir: Path  # the images

    def read(self) -> dict:
        """Read the annotations and look whether the images are there.

        Raises:
            MissingFileError: If the file or an image is missing.
            UserError: If the file holds no annotations of COCO's format.
        """
        content = read_coco(self.ann_file, _REMEDY)
        images, people = content['images'], content['annotations']
        require(self.ann_file, 'images', images, 'file_name', str)
        require(self.ann_file, 'images', images, 'id', int)
        require(self.ann_file, 'annotations', people, 'image_id', int)
        if not people:
            raise UserError(f'{self.ann_file} has nobody in it: {_REMEDY}')
        for name in (image['file_name'] for image in images):
            if not (self.image_dir / name).is_file():
                raise MissingFileError(
                    f'image {self.image_dir / name} is missing: {_REMEDY}'
                )
        return content

    def first(self, number: int, out_dir: Path) -> 'Split':
        """Write annotations of the first images alone to a folder."""
        content = self.read()
        content['images'] = content['images'][:number]
        kept = {image['id'] for image in content['images']}
        content['annotations'] = [
            person for person in content['annotations'] if person['image_id'] in kept
        ]
        path = out_dir / f'{self.ann_file.stem}_first-{number}.json'
        return replace(self, ann_file=write_json(path, content, indent=None))

    def count_people(self) -> int:
        """Count the people; an image may show several."""
        return len(self.read()['annotations'])

    def sha256(self) -> str:
        """Return the SHA-256 of the annotations, in hexadecimal digits.

        Raises:
            MissingFileError: If the file does not exist.
        """
        try:
            content = self.ann_file.read_bytes()
        except FileNotFoundError as error:
            raise MissingFileError(
                f'{self.ann_file} does not exist: {_REMEDY}'
            ) from error
        return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class StudyData:
    """What a study trains and validates on."""

    train: Split  # to train on
    val: Split  # to validate on

    @classmethod
    def below(
        cls,
        data_root: str | Path = 'data/lspet',
        train_ann: str = 'train.json',
        train_images: str = 'images',
        val_ann: str = 'val.json',
        val_images: str = 'images',
    ) -> 'StudyData':
        """Name files below a folder, by default as LSPET's converter leaves them."""
        root = Path(data_root)
        return cls(
            Split(root / train_ann, root / train_images),
            Split(root / val_ann, root / val_images),
        )

    def first(self, number: int, out_dir: Path) -> 'StudyData':
        """Take the first images of each split; their annotations go to a folder."""
        return StudyData(
            self.train.first(number, out_dir / 'train'),
            self.val.first(number, out_dir / 'val'),
        )
