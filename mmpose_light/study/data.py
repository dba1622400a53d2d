"""The study's data: which files, whether they are there, and the first few of them."""

import hashlib
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

_REMEDY = (
    'python tools/dataset_converters/lspet2coco.py data/lspet makes train.json and '
    'val.json from the LSPET download; other files are named by --data-root, '
    '--train-ann, --train-images, --val-ann and --val-images'
)


@dataclass(frozen=True)
class Split:
    """Annotations in COCO's format and the folder of their photographs.

    Attributes:
        ann_file (Path): The annotations.
        image_dir (Path): The photographs.
    """

    ann_file: Path
    image_dir: Path

    def read(self) -> dict:
        """Read the annotations and look whether the photographs are there.

        Returns:
            dict: ``images``, ``annotations`` and so on.

        Raises:
            FileNotFoundError: If the file or a photograph is missing.
            ValueError: If the file holds no annotations of COCO's format.
        """
        if not self.ann_file.is_file():
            raise FileNotFoundError(f'{self.ann_file} does not exist: {_REMEDY}')
        try:
            content = json.loads(self.ann_file.read_text(encoding='utf-8'))
            names = [image['file_name'] for image in content['images']]
            people = [person['image_id'] for person in content['annotations']]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"{self.ann_file} is no annotation file of COCO's format "
                f'({type(error).__name__}: {error}): {_REMEDY}'
            ) from error
        if not people:
            raise ValueError(f'{self.ann_file} has nobody in it: {_REMEDY}')
        for name in names:
            if not (self.image_dir / name).is_file():
                raise FileNotFoundError(
                    f'photograph {self.image_dir / name} is missing: {_REMEDY}'
                )
        return content

    def first(self, number: int, out_dir: Path) -> 'Split':
        """Write annotations of the first photographs alone.

        Args:
            number (int): How many photographs.
            out_dir (Path): Folder to write to.

        Returns:
            Split: The new file, with the same folder of photographs.
        """
        content = self.read()
        content['images'] = content['images'][:number]
        kept = {image['id'] for image in content['images']}
        content['annotations'] = [
            person for person in content['annotations'] if person['image_id'] in kept
        ]
        out_dir.mkdir(parents=True, exist_ok=True)
        path = out_dir / f'{self.ann_file.stem}_first-{number}.json'
        part = path.with_name(f'{path.name}.part')
        part.write_text(json.dumps(content), encoding='utf-8')
        os.replace(part, path)
        return replace(self, ann_file=path)

    def count_people(self) -> int:
        """Count the people; a photograph may show several."""
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
        root: str | Path,
        train_ann: str = 'train.json',
        train_images: str = 'images',
        val_ann: str = 'val.json',
        val_images: str = 'images',
    ) -> 'StudyData':
        """Name files below a folder, by default as LSPET's converter leaves them.

        Args:
            root (str | Path): The folder.
            train_ann (str): Annotations to train on. Defaults to 'train.json'
            train_images (str): Folder of their photographs. Defaults to 'images'
            val_ann (str): Annotations to validate on. Defaults to 'val.json'
            val_images (str): Folder of their photographs. Defaults to 'images'

        Returns:
            StudyData: The files, not looked at yet.
        """
        root = Path(root)
        return cls(
            Split(root / train_ann, root / train_images),
            Split(root / val_ann, root / val_images),
        )

    def first(self, number: int, out_dir: Path) -> 'StudyData':
        """Take the first photographs of each split alone.

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
