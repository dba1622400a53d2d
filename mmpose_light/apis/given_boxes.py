"""Person boxes from COCO json files, matched with the images they belong to."""

import functools
import math
import re
import reprlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np

from ..utils.coco_json import name_entry, read_coco, read_id, require
from ..utils.errors import UserError
from ..utils.files import paused_collector, read_json
from .person_categories import choose_categories, name_categories

Id = int | str

#: Boxes are for each image's annotated size, or for the files as they are.
ANNOTATED, FILE = 'annotated', 'file'
MIN_INSIDE = 0.1  # of a box's area: people may well be cut off by the image's edge
MAX_RELATIVE = 2  # pixels: whoever ends before them stands in coordinates of 0..1


class GivenBoxes:
    """Person boxes by image id.

    Args:
        boxes (dict[int | str, np.ndarray]): For each image id the boxes of its people,
            shape (N, 5): left, top, right, bottom in pixels, score.
        images (list[dict], optional): The ``images`` of a COCO annotation file, which
            tell the id of a file name, and the size of the image. Defaults to ``None``,
            where the id is the number at the end of the file's name (000000000139.jpg:
            139), or else that name itself
        source (str | Path): The annotation file, for messages. Defaults to ``'the
            annotation file'``
        boxes_for (str, optional): The size of the images for which the boxes are, such
            as ``'1920x1080'``, or ``'1x1'`` for boxes in 0..1: they are scaled to the
            images that are run. ``'annotated'`` stands for the size that the
            annotations tell of each image, ``'file'`` takes all boxes as they are.
            Defaults to ``None``: boxes that cannot belong to an image are refused

    Attributes:
        left_out (Counter): How many boxes were left out, by reason.
        scaled (int): How many boxes were scaled so far.
    """

    def __init__(
        self,
        boxes: dict[Id, np.ndarray],
        images: list[dict] | None = None,
        source: str | Path = 'the annotation file',
        boxes_for: str | None = None,
    ) -> None:
        self.boxes = boxes
        self.images = images
        self.source = source
        self.boxes_for = _read_size(boxes_for)
        self.left_out: Counter[str] = Counter()
        self.scaled = 0

    @classmethod
    @paused_collector()
    def from_files(
        cls,
        boxes: str | Path | None = None,
        ann_file: str | Path | None = None,
        score_thr: float = 0.0,
        category: Sequence[Id] | Id | None = None,
        boxes_for: str | None = None,
    ) -> 'GivenBoxes':
        """Read detections, annotations, or detections with the names of annotations.

        Args:
            boxes (str | Path, optional): Json file in the format of COCO detection
                results: a list of ``image_id``, ``category_id``, ``bbox`` (left, top,
                width, height), ``score``. Defaults to ``None``
            ann_file (str | Path, optional): COCO annotations. Without ``boxes`` their
                boxes are taken, crowds left out; otherwise only the names and sizes of
                the images and the names of the categories. Defaults to ``None``
            score_thr (float): Detections below this score are left out. Defaults to 0
            category (Sequence[int | str] | int | str, optional): Names or ids of the
                categories that are taken. Defaults to ``None``, those whose name means
                a person; without names, COCO's 1, or 0 where it is the only one
            boxes_for (str, optional): As of the class. Defaults to ``None``

        Returns:
            GivenBoxes: The boxes of all people; boxes without extent are left out.

        Raises:
            MissingFileError: If a file does not exist.
            UserError: If a file is not of that format, none was given, or it is not
                clear which boxes are people.
        """
        if boxes is None and ann_file is None:
            raise UserError('give boxes, ann_file or both')
        images, names, entries = None, {}, []
        if ann_file is not None:
            content = read_coco(ann_file, 'detection results go to boxes')
            images, entries = content['images'], content['annotations']
            names = name_categories(content['categories'], ann_file)
        if boxes is not None:
            entries = _read_detections(boxes)
        source = boxes or ann_file
        parsed = [
            _parse(entry, index, source, crowds=boxes is None)
            for index, entry in enumerate(entries)
        ]
        wanted = choose_categories(
            Counter(entry.category for entry in parsed), names, category, source
        )
        by_image, left_out = defaultdict(list), Counter()
        for entry in parsed:
            reason = _find_fault(entry, wanted, score_thr)
            if reason:
                left_out[reason] += 1
            else:
                by_image[entry.image].append(entry.box)
        found = {key: np.array(value, np.float32) for key, value in by_image.items()}
        given = cls(found, images, ann_file or boxes, boxes_for)
        given.left_out = left_out
        return given

    def find_ids(self, paths: Sequence[str]) -> dict[int, Id]:
        """Look up the images that have boxes.

        Args:
            paths (Sequence[str]): The image files.

        Returns:
            dict[int, int | str]: Their ids, by position in ``paths``.

        Raises:
            UserError: If two files stand for one image, or none of them has a box.
        """
        ids = [self._find_id(path) for path in paths]
        seen = {}
        for path, image_id in zip(paths, ids, strict=True):
            if image_id is not None and image_id in seen:
                raise UserError(
                    f'{seen[image_id]} and {path} both stand for image {image_id} of '
                    'the given boxes: run them one by one, or give the annotation '
                    'file that tells their ids'
                )
            seen[image_id] = path
        found = {i: key for i, key in enumerate(ids) if key in self.boxes}
        if not found:
            raise UserError(
                f'none of the {len(paths)} images has a given box: {paths[0]} is '
                f'looked up as image {ids[0]!r}, and there are boxes for '
                f'{list(self.boxes)[:4]} ({self.describe() or "none left out"}). The '
                'annotation file (ann_file) tells ids'
            )
        return found

    def fit(
        self, image_id: Id | None, image: np.ndarray, boxes: np.ndarray | None = None
    ) -> np.ndarray:
        """Return the boxes of an image, in its own pixels.

        Args:
            image_id (int | str, optional): Its id.
            image (np.ndarray): The image, shape (H, W, 3).
            boxes (np.ndarray, optional): Some of its boxes. Defaults to ``None``, all

        Returns:
            np.ndarray: Those that reach into the image, shape (N, 5); the others are
            counted as left out.

        Raises:
            UserError: If they cannot belong to the image; the message says why and what
                would do.
        """
        if boxes is None:
            boxes = self.boxes.get(image_id, np.zeros((0, 5), np.float32))
        if not len(boxes) or self.boxes_for == FILE:
            return boxes
        height, width = image.shape[:2]
        annotated = self._sizes.get(image_id)
        if self.boxes_for is not None:
            size = annotated if self.boxes_for == ANNOTATED else self.boxes_for
            if size is None:
                raise UserError(
                    f'{self.source} tells no width and height of image {image_id}: '
                    'name the size with --boxes-for WIDTHxHEIGHT'
                )
            scale = np.array([width, height] * 2) / (*size, *size)
            boxes = np.c_[boxes[:, :4] * scale, boxes[:, 4]].astype(np.float32)
            self.scaled += len(boxes)
        elif annotated and np.abs(np.subtract(annotated, (width, height))).max() > 1:
            turned = ' (turned upright by its EXIF data)'
            raise UserError(
                f'it has {width}x{height} pixels'
                f'{turned if annotated == (height, width) else ""}, and '
                f'{"x".join(map(str, annotated))} in {self.source}: --boxes-for annotated scales '
                'the boxes from that size, --boxes-for file takes them as they are'
            )
        elif boxes[:, 2:4].max() <= MAX_RELATIVE:
            raise UserError(
                f'its boxes, such as {_show(boxes[0])}, look like parts of the '
                'width and height: --boxes-for 1x1 scales them, --boxes-for file takes '
                'them as they are'
            )
        return self._take_inside(boxes, width, height)

    def _take_inside(self, boxes: np.ndarray, width: int, height: int) -> np.ndarray:
        """Leave out boxes outside an image; complain where most of them are."""
        inside = np.clip(boxes[:, :4], 0, [width, height] * 2)
        share = np.divide(*(np.prod(b[:, 2:4] - b[:, :2], 1) for b in (inside, boxes)))
        fitting = share >= MIN_INSIDE
        if 2 * fitting.sum() < len(boxes):
            raise UserError(
                f'{(~fitting).sum()} of its {len(boxes)} boxes lie outside of its '
                f'{width}x{height} pixels, such as {_show(boxes[~fitting][0])}: '
                '--boxes-for WIDTHxHEIGHT scales boxes made for images of another '
                'size, --boxes-for file takes them as they are'
            )
        if not fitting.all():
            self.left_out['outside of their image'] += int((~fitting).sum())
        return boxes[fitting]

    def describe(self) -> str:
        """Say in one line how many boxes were left out, and why, and how many scaled.

        Returns:
            str: Such as 'boxes: 3 left out of category car, 1 left out without extent';
            empty where all were taken as they were.
        """
        parts = [
            f'{count} left out {why}' for why, count in self.left_out.most_common(6)
        ]
        rest = self.left_out.total() - sum(c for _, c in self.left_out.most_common(6))
        parts += [f'{rest} left out for other reasons'] * bool(rest)
        parts += [f'{self.scaled} scaled to their images'] * bool(self.scaled)
        return f'boxes: {", ".join(parts)}' if parts else ''

    @functools.cached_property
    def _by_name(self) -> dict[str, list[tuple[tuple[str, ...], Id | None]]]:
        """Parts of the path and id of each image that the annotations tell, by name."""
        require(self.source, 'images', self.images, 'file_name', str)
        found = defaultdict(list)
        for index, image in enumerate(self.images):
            parts = PurePosixPath(image['file_name'].replace('\\', '/')).parts
            image_id = read_id(image.get('id'))
            if image_id is None or not parts:
                name = name_entry(self.source, 'images', index, image)
                raise UserError(f'{name} has no id and file_name that can be used')
            found[parts[-1]].append((parts, image_id))
        return found

    @functools.cached_property
    def _sizes(self) -> dict[Id | None, tuple[int, int]]:
        """Width and height of each image of which the annotations tell them."""
        found = {}
        for image in self.images or []:
            size = image.get('width'), image.get('height')
            if all(isinstance(side, int | float) and 0 < side < 1e9 for side in size):
                found[read_id(image.get('id'))] = size
        return found

    def _find_id(self, path: str) -> Id | None:
        """Return the id of an image, None where the annotation file does not name it."""
        path = Path(path)
        if self.images is None:
            if path.stem in self.boxes or path.name in self.boxes:
                return path.stem if path.stem in self.boxes else path.name
            number = re.search(r'\d+$', path.stem)
            return int(number.group()) if number else path.stem
        entries = self._by_name.get(path.name, [])
        if len(entries) > 1:
            entries = [e for e in entries if path.parts[-len(e[0]) :] == e[0]]
        if len(entries) > 1:
            raise UserError(f'{self.source} names {path.name} more than once')
        return entries[0][1] if entries else None


def find_boxes_by(
    given: GivenBoxes,
    ids: Callable[[int], Id | None],
    refuse: Callable[[int, str], np.ndarray | None],
) -> Callable[[int, np.ndarray], np.ndarray | None]:
    """Make the function that finds given boxes while images are run.

    Args:
        given (GivenBoxes): The boxes.
        ids (Callable): Gives the id of an image by its number, None where it has none.
        refuse (Callable): Is told the number of an image whose boxes cannot belong to
            it, and why; returns the boxes that are taken instead, or None to leave the
            image out.

    Returns:
        Callable: As :func:`mmpose_light.apis.people.estimate_people` takes it.
    """

    def find_boxes(index: int, image: np.ndarray) -> np.ndarray | None:
        try:
            return given.fit(ids(index), image)
        except UserError as error:
            return refuse(index, str(error))

    return find_boxes


def _read_detections(path: str | Path) -> list:
    """Read a file of detection results."""
    entries = read_json(path)
    if not isinstance(entries, list):
        raise UserError(
            f'{path} is no file of detection results: expected a list of image_id, '
            'category_id, bbox, score. COCO annotations go to ann_file'
        )
    return entries


class _Entry(NamedTuple):
    """One entry of a file: its box is left, top, right, bottom, score."""

    image: Id
    category: Id | None
    crowd: bool
    box: list[float]


def _parse(entry: dict, index: int, source: str | Path, crowds: bool) -> _Entry:
    """Read one entry."""
    where = f'entry {index} of {source}'
    image = None
    try:
        if isinstance(entry['bbox'], list):
            image = read_id(entry['image_id'])
        x, y, w, h = (float(value) for value in entry['bbox'])
        score = float(entry.get('score', 1))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        image = None
    if image is None:
        raise UserError(
            f'{where} does not have image_id and a bbox of four numbers: '
            f'{reprlib.repr(entry)}'
        )
    if not all(map(math.isfinite, (x, y, w, h, score))) or max(x, y, w, h) > 1e9:
        raise UserError(f'{where} has a box that is not finite: {entry["bbox"]}')
    category = read_id(entry.get('category_id'))
    if category is None and entry.get('category_id') is not None:
        shown = reprlib.repr(entry)
        raise UserError(f'{where} has no category_id that can be used: {shown}')
    crowd = crowds and entry.get('iscrowd') in (1, '1')
    return _Entry(image, category, crowd, [x, y, x + w, y + h, score])


def _find_fault(entry: _Entry, wanted: dict, score_thr: float) -> str | None:
    """Return why a box is left out, None if it is not."""
    left, top, right, bottom, score = entry.box
    if entry.category not in wanted.taken:
        return f'of category {wanted.name(entry.category)}'
    if entry.crowd:
        return 'of crowds'
    if score < score_thr:
        return f'with a score below {score_thr:g}'
    return None if right > left and bottom > top else 'without extent'


def _read_size(text: str | None) -> tuple[float, float] | str | None:
    """Read WIDTHxHEIGHT; leave the words that may stand there."""
    if text in (None, ANNOTATED, FILE):
        return text
    size = re.fullmatch(r'(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)', str(text))
    if not size or not all(map(float, size.groups())):
        raise UserError(
            f'boxes_for is {text!r}, expected a size such as 1920x1080 (1x1 for boxes '
            f'in 0..1), {ANNOTATED} or {FILE}'
        )
    return float(size[1]), float(size[2])


def _show(box: np.ndarray) -> str:
    """Show the corners of a box."""
    left, top, right, bottom = box[:4]
    return f'from ({left:g}, {top:g}) to ({right:g}, {bottom:g})'
