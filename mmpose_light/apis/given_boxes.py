"""Person boxes from COCO json files, matched with the images they belong to."""

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePath

import numpy as np

from ..utils.errors import UserError
from ..utils.files import read_json

PERSON = 1  # COCO's category id


class GivenBoxes:
    """Person boxes by image id.

    Args:
        boxes (dict[int | str, np.ndarray]): For each image id the boxes of its people,
            shape (N, 5): left, top, right, bottom in pixels, score.
        images (list[dict], optional): The ``images`` of a COCO annotation file, which
            tell the id of a file name. Defaults to ``None``, where the id is the number
            at the end of the file's name (000000000139.jpg: 139), or else that name
            itself
    """

    def __init__(
        self, boxes: dict[int | str, np.ndarray], images: list[dict] | None = None
    ) -> None:
        self.boxes = boxes
        self.images = images

    @classmethod
    def from_files(
        cls,
        boxes: str | Path | None = None,
        ann_file: str | Path | None = None,
        score_thr: float = 0.0,
    ) -> 'GivenBoxes':
        """Read detections, annotations, or detections with the names of annotations.

        Args:
            boxes (str | Path, optional): Json file in the format of COCO detection
                results: a list of ``image_id``, ``category_id``, ``bbox`` (left, top,
                width, height), ``score``. Defaults to ``None``
            ann_file (str | Path, optional): COCO annotations. Without ``boxes`` their
                boxes are taken, crowds left out; otherwise only the names of the
                images. Defaults to ``None``
            score_thr (float): Detections below this score are left out. Defaults to 0

        Returns:
            GivenBoxes: The boxes of all people; boxes without extent are left out.

        Raises:
            MissingFileError: If a file does not exist.
            UserError: If a file is not of that format, or neither was given.
        """
        if boxes is None and ann_file is None:
            raise UserError('give boxes, ann_file or both')
        images, person, entries = None, PERSON, None
        if ann_file is not None:
            dataset = read_json(ann_file)
            if not isinstance(dataset, dict) or 'images' not in dataset:
                raise UserError(
                    f"{ann_file} is no COCO annotation file: it has no 'images'. "
                    'Detection results go to boxes'
                )
            images = dataset['images']
            categories = dataset.get('categories', [])
            named = [c['id'] for c in categories if c.get('name') == 'person']
            person = (named or [c['id'] for c in categories] or [PERSON])[0]
            entries = [
                a for a in dataset.get('annotations', []) if not a.get('iscrowd', 0)
            ]
        if boxes is not None:
            entries = read_json(boxes)
            if not isinstance(entries, list):
                raise UserError(
                    f'{boxes} is no file of detection results: expected a list of '
                    'image_id, category_id, bbox, score. COCO annotations go to '
                    'ann_file'
                )
        by_image = defaultdict(list)
        for i, entry in enumerate(entries):
            image_id, box = _parse(entry, f'entry {i} of {boxes or ann_file}')
            left, top, right, bottom, score = box
            wanted = entry.get('category_id', person) == person and score >= score_thr
            if wanted and right > left and bottom > top:
                by_image[image_id].append(box)
        found = {key: np.array(value, np.float32) for key, value in by_image.items()}
        return cls(found, images)

    def of_images(self, paths: Sequence[str]) -> dict[int, np.ndarray]:
        """Look up the boxes of each of these images.

        Args:
            paths (Sequence[str]): The image files.

        Returns:
            dict[int, np.ndarray]: By position in ``paths``; without those that have
            no box.

        Raises:
            UserError: If two files stand for one image, or none of them has a box.
        """
        ids = [self._image_id(path) for path in paths]
        seen = {}
        for path, image_id in zip(paths, ids, strict=True):
            if image_id is not None and image_id in seen:
                raise UserError(
                    f'{seen[image_id]} and {path} both stand for image {image_id} of '
                    'the given boxes: run them one by one, or give the annotation '
                    'file that tells their ids'
                )
            seen[image_id] = path
        boxes = {i: self.boxes[key] for i, key in enumerate(ids) if key in self.boxes}
        if not boxes:
            raise UserError(
                f'none of the {len(paths)} images has a given box: {paths[0]} is '
                f'looked up as image {ids[0]!r}, and there are boxes for '
                f'{list(self.boxes)[:4]}. The annotation file (ann_file) tells ids'
            )
        return boxes

    def _image_id(self, path: str) -> int | str | None:
        """Return the id of an image, None where the annotation file does not name it."""
        path = PurePath(path)
        if self.images is None:
            if path.stem in self.boxes or path.name in self.boxes:
                return path.stem if path.stem in self.boxes else path.name
            number = re.search(r'\d+$', path.stem)
            return int(number.group()) if number else path.stem
        entries = [
            (PurePath(image['file_name']).parts, image['id'])
            for image in self.images
            if PurePath(image['file_name']).name == path.name
        ]
        if len(entries) > 1:
            entries = [e for e in entries if path.parts[-len(e[0]) :] == e[0]]
        if len(entries) > 1:
            raise UserError(f'the annotation file names {path.name} more than once')
        return entries[0][1] if entries else None


def _parse(entry: dict, where: str) -> tuple[int | str, list[float]]:
    """Return image id and box (left, top, right, bottom, score) of one entry."""
    try:
        image_id = entry['image_id']
        x, y, w, h = (float(value) for value in entry['bbox'])
        score = float(entry.get('score', 1))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(
            f'{where} does not have image_id and a bbox of four numbers: {entry!r:.200}'
        ) from error
    if not np.isfinite([x, y, w, h, score]).all():
        raise UserError(f'{where} has a box that is not finite: {entry["bbox"]}')
    return image_id, [x, y, x + w, y + h, score]
