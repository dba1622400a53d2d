"""Looks through annotations for what goes wrong in training or evaluation later.

MMPose meets a missing ``area`` after the first epoch, and a point that is no number
never: the network's weights become NaN without a word.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .coco_json import read_coco
from .errors import UserError
from .files import paused_collector
from .findings import Findings
from .image_check import check_images

MANY = 0.1  # of all points or boxes: no longer slips of an annotator
MAX_RELATIVE = 2  # pixels: what ends before them stands in parts of width and height


def check_annotations(
    found: Findings,
    ann_file: str | Path,
    image_dir: str | Path,
    keypoints: Sequence[str],
    evaluated: bool = False,
    use_area: bool = True,
    detected: set[int] | None = None,
    opened: int | None = 1000,
) -> None:
    """Look through annotations in COCO's format.

    Args:
        found (Findings): Takes what is wrong.
        ann_file (str | Path): The json file.
        image_dir (str | Path): The folder of its images.
        keypoints (Sequence[str]): The names of the keypoints, in their order.
        evaluated (bool): Whether COCO's evaluation reads the file. Defaults to
            ``False``
        use_area (bool): Whether that goes by ``area``. Defaults to ``True``
        detected (set[int], optional): The images on which a detector found people, who
            are taken then instead of those in the file. Defaults to ``None``
        opened (int, optional): How many images are opened to compare their sizes, from
            all over the set; ``None`` for all. Defaults to 1000
    """
    try:
        content = read_coco(ann_file)
    except UserError as error:
        found.problems.append(str(error))
        return
    with paused_collector():
        images = _check_image_entries(found, content['images'])
        _check_categories(found, content['categories'], keypoints, evaluated)
        people = _check_entries(found, content, images, evaluated, use_area)
        people = _check_numbers(found, people, images, len(keypoints))
    found.counts = dict(images=len(content['images']), people=len(people))
    if not people and (evaluated or detected is None):
        found.problems.append('there is nobody with a box and labelled keypoints')
    used = dict.fromkeys(person['image_id'] for person in people)
    if detected is not None:
        used = sorted(detected & images.keys())
        unknown = sorted(detected - images.keys())
        if unknown:
            found.problems.append(
                f'a detector found people on {len(unknown)} images that are not listed, '
                f'such as id {unknown[0]}'
            )
    check_images(found, [images[key] for key in used], image_dir, opened)


def _check_image_entries(found: Findings, images: list[dict]) -> dict[int, dict]:
    """Return the entries that are sound, by id."""
    good = found.find(
        'images have no whole number as id', images, lambda e: not _is_whole(e, 'id')
    )
    for key in ('width', 'height'):
        is_bad = [not _is_positive(image, key) for image in images]
        good &= found.find(f'images have no {key}', images, np.array(is_bad, bool))
    is_bad = [
        not isinstance(e.get('file_name'), str) or not e['file_name'] for e in images
    ]
    good &= found.find('images have no file_name', images, np.array(is_bad, bool))
    images = _choose(images, good)
    _find_doubles(found, 'images have the id of another one', images)
    return {image['id']: image for image in images}


def _check_categories(
    found: Findings, categories: list[dict], keypoints: Sequence[str], evaluated: bool
) -> None:
    """Check that there are some, with the keypoints in the order of the config."""
    found.find('categories have no id', categories, lambda e: not _is_whole(e, 'id'))
    if evaluated and not categories:
        found.problems.append(
            'there are no categories, which COCO\'s evaluation needs: "categories": '
            '[{"id": 1, "name": "person"}]'
        )
    expected = [_plain(name) for name in keypoints]
    for category in categories:
        names = category.get('keypoints')
        names = names if isinstance(names, list) else []
        names = [_plain(name) for name in names if isinstance(name, str)]
        if names != expected and sorted(names) == sorted(expected):
            at = next(i for i, name in enumerate(names) if name != expected[i])
            found.problems.append(
                f'keypoints are in another order than in the config: number {at} is '
                f'{names[at]}, and {expected[at]} there'
            )


def _check_entries(
    found: Findings,
    content: dict[str, list],
    images: dict[int, dict],
    evaluated: bool,
    use_area: bool,
) -> list[dict]:
    """Check what each annotation has, and return those that can be read on."""
    people = content['annotations']
    known = [entry.get('id') for entry in content['categories']] if evaluated else []
    checks = {
        'no whole number as id': lambda e: not _is_whole(e, 'id'),
        'an image_id that no sound image has': lambda e: not (
            _is_whole(e, 'image_id') and e['image_id'] in images
        ),
        'no category_id': lambda e: not _is_whole(e, 'category_id'),
        'an iscrowd other than 0 and 1': lambda e: e.get('iscrowd', 0) not in (0, 1),
    }
    good = np.ones(len(people), bool)
    for what, is_bad in checks.items():
        good &= found.find(f'annotations have {what}', people, is_bad)
    for key in ('bbox', 'keypoints'):
        is_bad = [not isinstance(person.get(key), list) for person in people]
        what = f'annotations have no {key}{"" if evaluated else ", and are left out"}'
        good &= found.find(what, people, np.array(is_bad, bool), note=not evaluated)
    if evaluated and use_area:
        found.find(
            "annotations have no area, which COCO's evaluation needs (that of the "
            "person in pixels, about half of the box's, or val_evaluator.use_area="
            'False)',
            people,
            lambda e: not _is_positive(e, 'area'),
        )
    people = _choose(people, good)
    if known:
        found.find(
            'annotations have a category_id that is not listed',
            people,
            lambda e: e['category_id'] not in known,
        )
    _find_doubles(found, 'annotations have the id of another one', people)
    return people


def _check_numbers(
    found: Findings, people: list[dict], images: dict[int, dict], num_keypoints: int
) -> list[dict]:
    """Check boxes and points, and return the people that MMPose takes."""
    numbers = {}
    for key, width in (('bbox', 4), ('keypoints', 3 * num_keypoints)):
        good = found.find(
            f'annotations do not have {width} numbers in {key}',
            people,
            lambda e, key=key, width=width: len(e[key]) != width,
        )
        people = _choose(people, good)
    good = np.ones(len(people), bool)
    for key in ('bbox', 'keypoints'):
        numbers[key] = to_numbers([person[key] for person in people])
        good &= found.find(
            f'annotations have {key} that are no finite numbers: a training would end '
            'in NaN',
            people,
            ~np.isfinite(numbers[key]).all(axis=1),
        )
    people = _choose(people, good)
    if not people:
        return []
    sizes = [images[person['image_id']] for person in people]
    sizes = np.array([(image['width'], image['height']) for image in sizes], float)
    points = numbers['keypoints'][good].reshape(-1, num_keypoints, 3)
    taken = _check_boxes(found, people, numbers['bbox'][good], sizes)
    taken &= _check_points(found, people, points, sizes)
    return [person for person in _choose(people, taken) if not person.get('iscrowd')]


def _check_boxes(
    found: Findings, people: list[dict], boxes: np.ndarray, sizes: np.ndarray
) -> np.ndarray:
    """Check boxes, shape (N, 4), and return which ones reach into their images."""
    start, end = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    beyond = (end > 1.1 * sizes).any(axis=1)
    if end.max() <= MAX_RELATIVE:
        found.problems.append('all boxes look like parts of the width and height')
    elif beyond.mean() > MANY:
        found.find(
            'boxes reach far out of their image: they are left, top, width, height, in '
            'its pixels',
            people,
            beyond,
        )
    extent = np.clip(end, 0, sizes - 1) - np.clip(start, 0, sizes - 1)
    return found.find(
        'boxes have no extent within their image, and are left out',
        people,
        (extent <= 0).any(axis=1),
        note=True,
    )


def _check_points(
    found: Findings, people: list[dict], points: np.ndarray, sizes: np.ndarray
) -> np.ndarray:
    """Check points, shape (N, K, 3), and return who has any that counts."""
    where, flags = points[..., :2], points[..., 2]
    labelled = flags > 0
    found.find(
        'annotations have visibilities other than 0, 1 and 2',
        people,
        ~np.isin(flags, (0, 1, 2)).all(axis=1),
        note=True,
    )
    if labelled.any() and where[labelled].max() <= MAX_RELATIVE:
        found.problems.append('all keypoints look like parts of the width and height')
    beyond = ((where < -1) | (where > sizes[:, None] + 1)).any(axis=2) & labelled
    share = beyond.sum() / max(1, labelled.sum())
    found.find(
        f'people have labelled keypoints outside of their image ({share:.1%} of all)',
        people,
        beyond.any(axis=1),
        note=share <= MANY,
    )
    dropped = np.array([person.get('num_keypoints') == 0 for person in people])
    found.find(
        'people have labelled keypoints and num_keypoints 0, and are left out',
        people,
        dropped & labelled.any(axis=1),
        note=True,
    )
    return ~dropped & (where.max(axis=(1, 2)) > 0)


def _choose(entries: list[dict], which: np.ndarray) -> list[dict]:
    return [entry for entry, is_good in zip(entries, which, strict=True) if is_good]


def _find_doubles(found: Findings, what: str, entries: list[dict]) -> None:
    """Find entries whose id an earlier one has."""
    seen = set()
    is_double = [entry['id'] in seen or seen.add(entry['id']) for entry in entries]
    found.find(what, entries, np.array(is_double, bool))


def to_numbers(rows: list[list]) -> np.ndarray:
    """Return rows of one length as floats, shape (N, M), NaN where one is no number."""
    if not rows:
        return np.zeros((0, 1))
    try:
        found = np.array(rows)
    except ValueError:  # lists in rows
        found = np.array(None)
    if found.dtype.kind not in 'iuf':
        found = np.array([[_to_number(value) for value in row] for row in rows])
    return found.astype(float).reshape(len(rows), -1)


def _to_number(value: Any) -> float:
    try:
        return float(value) if isinstance(value, int | float) else np.nan
    except OverflowError:
        return np.inf


def _is_whole(entry: dict, key: str) -> bool:
    return type(entry.get(key)) is int


def _is_positive(entry: dict, key: str) -> bool:
    value = entry.get(key)
    return isinstance(value, int | float) and 0 < value < 1e12


def _plain(name: str) -> str:
    """Return a name in lower case with _ between its words."""
    return name.strip().lower().replace(' ', '_').replace('-', '_')
