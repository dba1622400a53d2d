"""Looks whether the images of annotations are there, and of the size they tell."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from .data_files import lies_elsewhere
from .findings import Findings

EXIF_ORIENTATION = 274
UNREADABLE = 'cannot be read'
OTHER_SIZE = 'have another size than their annotations tell'
LYING = 'are turned upright by their EXIF data, and annotated as they lie in the file'
TURNED = 'are mirrored or turned by their EXIF data, which annotations have to follow'


def check_images(
    found: Findings,
    images: Sequence[dict],
    folder: str | Path,
    opened: int | None = 1000,
) -> None:
    """Check that images are there, and have the sizes that annotations tell.

    Args:
        found (Findings): Takes what is wrong.
        images (Sequence[dict]): Entries with ``file_name``, and ``width`` and
            ``height`` where they are known.
        folder (str | Path): Their folder; not looked into where it lies elsewhere.
        opened (int, optional): How many are opened, from all over the set; ``None`` for
            all. Defaults to 1000
    """
    if lies_elsewhere(folder):
        return
    paths = [os.path.join(folder, image['file_name']) for image in images]
    there = {
        os.path.join(parent, name)
        for parent in {os.path.dirname(path) for path in paths}
        if os.path.isdir(parent)
        for name in os.listdir(parent)
    }
    good = found.find(
        f'images are missing in {folder}',
        images,
        np.array([path not in there for path in paths], bool),
    )
    chosen = np.flatnonzero(good)
    if opened is not None and len(chosen) > opened:
        chosen = chosen[np.linspace(0, len(chosen) - 1, opened).astype(int)]
    images = [images[index] for index in chosen]
    faults = [_find_fault(paths[i], e) for i, e in zip(chosen, images, strict=True)]
    for fault in (UNREADABLE, OTHER_SIZE, LYING, TURNED):
        is_bad = np.array([of_one == fault for of_one in faults], bool)
        found.find(f'opened images {fault}', images, is_bad, note=fault == TURNED)


def _find_fault(path: str, entry: dict) -> str | None:
    """Return what is wrong with an image, if anything is."""
    try:
        with Image.open(path) as image:
            size, turn = image.size, image.getexif().get(EXIF_ORIENTATION, 1)
    except Image.DecompressionBombError:
        return None
    except Exception:  # on a broken file Pillow raises whatever it may
        return UNREADABLE
    if turn in (5, 6, 7, 8):
        size = size[::-1]
    told = entry.get('width', size[0]), entry.get('height', size[1])
    if told != size:
        return LYING if turn in (5, 6, 7, 8) and told == size[::-1] else OTHER_SIZE
    return TURNED if turn in (2, 3, 4) else None
