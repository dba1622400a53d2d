"""The study's data: which files, whether they are there, and the first few of them."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from ..utils.errors import MissingFileError, UserError
from ..utils.files import read_json, write_json

_REMEDY = (
    '`mmpose-light lspet2coco data/lspet` makes train.json and val.json from the LSPET '
    'download; other files are named by --data-root, --train-ann, --train-images, '
    '--val-ann and --val-images'
)


@dataclass(frozen=True)
class Split:
    """Annotations in COCO's format and the folder of their images.

    Attributes:
        ann_file (Path): The annotations.
        image_dir (Path): The images.
    """

    ann_file: Path
    image_dir: Path

    def read(self) -> dict:
        """Read the annotations and look whether the images are there.

        Returns:
            dict: ``images``, ``annotations`` and so on.

        Raises:
            MissingFileError: If the file or an image is missing.
            UserError: If the file holds no annotations of COCO's format.
        """
        content = read_json(self.ann_file, _REMEDY)
        try:
            names = [image['file_name'] for image in content['images']]
            people = [person['image_id'] for person in content['annotations']]
        except (KeyError, TypeError) as error:
            raise UserError(
                f"{self.ann_file} is no annotation file of COCO's format "
                f'({type(error).__name__}: {error}): {_REMEDY}'
            ) from error
        if not people:
            raise UserError(f'{self.ann_file} has nobody in it: {_REMEDY}')
        for name in names:
            if not (self.image_dir / name).is_file():
                raise MissingFileError(
                    f'image {self.image_dir / name} is missing: {_REMEDY}'
                )
        return content

    def first(self, number: int, out_dir: Path) -> 'Split':
        """Write annotations of the first images alone.

        Args:
            number (int): How many images.
            out_dir (Path): Folder to write to.

        Returns:
            Split: The new file, with the same folder of images.
        """
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
        """Return the SHA-256 of the annotations, in hexadecimal digits."""
        return hashlib.sha256(self.ann_file.read_bytes()).hexdigest()


@dataclass(frozen=True)
class StudyData:
    """What a study trains and validates on.

    Attributes:
        train (Split): To train on.
        val (Split): To validate on.
    """

    train: Split
    val: Split

    @classmethod
    def below(
        cls,
        data_root: str | Path = 'data/lspet',
        train_ann: str = 'train.json',
        train_images: str = 'images',
        val_ann: str = 'val.json',
        val_images: str = 'images',
    ) -> 'StudyData':
        """Name files below a folder, by default as LSPET's converter leaves them.

        Args:
            data_root (str | Path): The folder. Defaults to 'data/lspet'
            train_ann (str): Annotations to train on. Defaults to 'train.json'
            train_images (str): Folder of their images. Defaults to 'images'
            val_ann (str): Annotations to validate on. Defaults to 'val.json'
            val_images (str): Folder of their images. Defaults to 'images'

        Returns:
            StudyData: The files, not looked at yet.
        """
        root = Path(data_root)
        return cls(
            Split(root / train_ann, root / train_images),
            Split(root / val_ann, root / val_images),
        )

    def first(self, number: int, out_dir: Path) -> 'StudyData':
        """Take the first images of each split alone.

        Args:
            number (int): How many.
            out_dir (Path): Folder for the annotations of these.

        Returns:
            StudyData: The smaller splits.
        """
        return StudyData(
            self.train.first(number, out_dir / 'train'),
            self.val.first(number, out_dir / 'val'),
        )
