"""Synthetic people: a COCO set of drawn people for demos and tests, from nothing.

Image ``i`` of seed ``s`` depends on ``(s, i)`` alone, so the same seed always gives
the same bytes, and a longer set begins with the shorter one.
"""

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from rich.progress import track

from ..utils.errors import UserError
from ..utils.files import check_absent, read_json, write_json
from .coco_layout import FACE_SKELETON, LIMB_SKELETON, make_category
from .synthetic_body import (
    make_skeleton,
    sample_pose,
    sample_proportions,
    sample_view,
)
from .synthetic_figure import Figure, draw_figure, place_balls, sample_colors
from .synthetic_scene import add_camera_flaws, draw_background, draw_occluder

SIZES = ((256, 192), (192, 256), (224, 224))
MAX_PEOPLE = 4
MIN_VISIBLE = 0.7
"""Nobody's visible share falls below this: what would hide more is left out."""

OCCLUDER = 255
"""The occluders' number in the map of owners."""

FORMAT = 3
"""Goes up when the same seed would give other images than before."""


class SyntheticImage(NamedTuple):
    """An image and the truth about it.

    Attributes:
        image (np.ndarray): BGR, uint8, shape (height, width, 3).
        owners (np.ndarray): Whose pixel it is: 0 nobody's, ``i + 1`` person ``i``'s,
            255 an occluder's. uint8, shape (height, width).
        people (list[Figure]): From the farthest to the nearest.
    """

    image: np.ndarray
    owners: np.ndarray
    people: list[Figure]


def draw_image(seed: int, index: int, max_people: int = MAX_PEOPLE) -> SyntheticImage:
    """Draw one image.

    Args:
        seed (int): Seed of the set.
        index (int): Number of the image in the set.
        max_people (int): Most people in it. Defaults to 4

    Returns:
        SyntheticImage: The image, with at least one person.

    Example:
        >>> drawn = draw_image(seed=0, index=0)
        >>> drawn.people[0].keypoints.shape
        (17, 3)
    """
    rng = np.random.default_rng((seed, index))
    size = SIZES[rng.integers(len(SIZES))]
    image = draw_background(rng, size)
    light = rng.uniform((-1, -1), (1, 0.5))
    owners = np.zeros(image.shape[:2], np.uint8)
    areas = np.zeros(OCCLUDER + 1)  # of whole people, by their numbers

    def put(new_image: np.ndarray, mask: np.ndarray, number: int) -> bool:
        """Put something in front unless it would hide too much of somebody."""
        nonlocal image
        covered = np.where(mask, number, owners)
        visible = np.bincount(covered.ravel(), minlength=OCCLUDER + 1)
        if (visible < MIN_VISIBLE * areas)[1:OCCLUDER].any():
            return False
        areas[number] = mask.sum()
        image, owners[:] = new_image, covered
        return True

    people = []
    count = 1 + rng.binomial(max_people - 1, 0.3)
    # Sorted by size: the small ones are far away, and what is near hides them.
    for share in np.sort(rng.uniform(0.6, 0.98, count)):
        figure = _draw_somebody(rng, image, share, light)
        if put(figure.image, figure.parts > 0, len(people) + 1):
            people.append(figure)
    if rng.random() < 0.3:
        put(*draw_occluder(rng, image), OCCLUDER)
    return SyntheticImage(add_camera_flaws(rng, image), owners, people)


def write_synthetic_people(
    out_dir: str | Path = 'data/synthetic',
    num_images: int = 500,
    seed: int = 0,
    split: str = 'train',
    max_people: int = MAX_PEOPLE,
    overwrite: bool = False,
) -> Path:
    """Draw a set and write it in COCO's layout.

    The images come to lie in ``{out_dir}/{split}``, the annotations in
    ``{out_dir}/annotations/person_keypoints_{split}.json``. The annotations are
    written last and at once, so a set that has them is whole. A whole set of the same
    settings is left as it is.

    Args:
        out_dir (str | Path): Where to write; made if missing. Defaults to
            ``'data/synthetic'``
        num_images (int): How many images. Defaults to 500
        seed (int): Seed of the set; sets of different seeds have nothing in common.
            Defaults to 0
        split (str): Name of the set. Defaults to ``'train'``
        max_people (int): Most people in an image. Defaults to 4
        overwrite (bool): Replace a set of other settings. Defaults to ``False``

    Returns:
        Path: The annotation file.

    Raises:
        UserError: If a number is out of range, ``split`` is not a plain name,
            ``out_dir`` is no folder, or there is a set of other settings and no
            ``overwrite``.
    """
    _check_arguments(num_images, seed, split, max_people)
    image_dir = Path(out_dir, split)
    ann_file = Path(out_dir, 'annotations', f'person_keypoints_{split}.json')
    settings = dict(
        format=FORMAT, num_images=num_images, seed=seed, max_people=max_people
    )
    if _is_whole(ann_file, image_dir, settings):
        return ann_file
    if _read_settings(ann_file) != settings:
        check_absent(ann_file, overwrite)
    try:
        image_dir.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise UserError(f'{image_dir} is to be a folder: {error}') from error
    ann_file.unlink(missing_ok=True)

    content = dict(
        info=dict(description='Synthetic people of mmpose_light', settings=settings),
        licenses=[],
        categories=[make_category((*LIMB_SKELETON, *FACE_SKELETON))],
        images=[],
        annotations=[],
    )
    annotations = content['annotations']
    for index in track(range(num_images), f'Drawing {split}'):
        drawn = draw_image(seed, index, max_people)
        content['images'].append(_write_image(image_dir, index, drawn.image))
        for person in annotate(drawn):
            person.update(id=len(annotations) + 1, image_id=index + 1)
            annotations.append(person)
    return write_json(ann_file, content, indent=None)


def _write_image(image_dir: Path, index: int, image: np.ndarray) -> dict:
    """Write an image, and return its entry for COCO's file."""
    height, width = image.shape[:2]
    path = image_dir / f'{index + 1:012d}.jpg'
    if not cv2.imwrite(str(path), image, [cv2.IMWRITE_JPEG_QUALITY, 92]):
        raise OSError(f'could not write {path}')
    return dict(id=index + 1, file_name=path.name, width=width, height=height)


def annotate(drawn: SyntheticImage) -> list[dict]:
    """Make COCO annotations of the people in an image, without ids.

    Args:
        drawn (SyntheticImage): The image.

    Returns:
        list[dict]: For every person: keypoints (17 times x, y, visibility),
        num_keypoints, bbox (x, y, width, height of the visible body), area (its
        number of pixels), segmentation (polygons), iscrowd and category_id.
    """
    annotations = []
    for number, figure in enumerate(drawn.people, start=1):
        mask = drawn.owners == number
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        left, top = int(columns[0]), int(rows[0])
        visibility = flag_keypoints(figure, mask)
        labelled = visibility > 0
        keypoints = np.round(figure.keypoints, 1) * labelled[:, None]
        keypoints[:, 2] = visibility
        outlines, _ = cv2.findContours(
            mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
        )
        annotations.append(
            dict(
                category_id=1,
                iscrowd=0,
                num_keypoints=int(labelled.sum()),
                keypoints=keypoints.ravel().tolist(),
                bbox=[left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top],
                area=int(mask.sum()),
                segmentation=[o.ravel().tolist() for o in outlines if len(o) > 2],
            )
        )
    return annotations


def flag_keypoints(figure: Figure, mask: np.ndarray) -> np.ndarray:
    """Return COCO's flags of a person's keypoints once the image is complete.

    Args:
        figure (Figure): The person.
        mask (np.ndarray): Where the image shows the person, bool, shape (h, w).

    Returns:
        np.ndarray: 0 outside the image, 1 hidden, 2 visible. Shape (17,).
    """
    height, width = mask.shape
    column, row = np.round(figure.keypoints[:, :2]).astype(int).T
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    in_front = mask[row.clip(0, height - 1), column.clip(0, width - 1)]
    return inside * np.where(figure.shows & in_front, 2, 1)


def _draw_somebody(
    rng: np.random.Generator, image: np.ndarray, share: float, light: np.ndarray
) -> Figure:
    """Draw somebody who fills that share of the image."""
    size = np.array(image.shape[1::-1])
    proportions = sample_proportions(rng)
    skeleton = make_skeleton(sample_pose(rng), proportions)
    view = sample_view(rng)
    points, _ = view.project(np.array([*skeleton.values()]))
    low, high = points[:, :2].min(0) - 0.06, points[:, :2].max(0) + 0.06
    extent = high - low
    stature = share * min(*(size / extent), 1.3 * size[1])
    # The body lies inside the image; of one in five up to a quarter is cut off.
    cut = 0.25 * stature * extent if rng.random() < 0.2 else 0.0
    room = np.maximum(size - stature * extent, 0)
    pelvis = rng.uniform(-cut, room + cut) - stature * low
    balls = place_balls(skeleton, view, stature, pelvis)
    return draw_figure(image, balls, sample_colors(rng), light, proportions['girth'])


def _check_arguments(num_images: int, seed: int, split: str, max_people: int) -> None:
    if num_images < 1:
        raise UserError(f'num_images must be at least 1, got {num_images}')
    if seed < 0:
        raise UserError(f'seed must not be negative, got {seed}')
    if not 1 <= max_people < OCCLUDER:
        raise UserError(
            f'max_people must be from 1 to {OCCLUDER - 1}, got {max_people}'
        )
    if not split or Path(split).name != split or split == 'annotations':
        raise UserError(
            f"split must be a plain name other than 'annotations', got {split!r}"
        )


def _read_settings(ann_file: Path) -> dict | None:
    """Return the settings of the set in the file, None if it is not readable."""
    try:
        return read_json(ann_file)['info']['settings']
    except (UserError, KeyError, TypeError):
        return None


def _is_whole(ann_file: Path, image_dir: Path, settings: dict) -> bool:
    """Return whether the set has these settings and all its images."""
    return _read_settings(ann_file) == settings and all(
        (image_dir / image['file_name']).is_file()
        for image in read_json(ann_file)['images']
    )
