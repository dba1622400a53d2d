"""From images to people, whatever runs the network."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from ..deploy.drawing import Skeleton

NO_BOXES = np.zeros((0, 5), np.float32)


class People(NamedTuple):
    """The people of one image.

    Attributes:
        boxes (np.ndarray): Left, top, right, bottom in pixels and score, shape (N, 5).
        keypoints (np.ndarray): In pixels of the image, shape (N, K, 2).
        scores (np.ndarray): The keypoints' scores, shape (N, K).
        numbers (np.ndarray, optional): The people's numbers in a video where they are
            followed, shape (N,).
    """

    boxes: np.ndarray
    keypoints: np.ndarray
    scores: np.ndarray
    numbers: np.ndarray | None = None


NOBODY = People(NO_BOXES, np.zeros((0, 0, 2)), np.zeros((0, 0)))


class PoseModel(Protocol):
    """What estimates poses: an exported file or a network of PyTorch."""

    skeleton: Skeleton
    color_type: str  # of the images that it takes: 'color' or 'grayscale'

    def crop(self, image: np.ndarray, boxes: np.ndarray) -> Sequence[Any]:
        """Cut the people of these boxes, shape (N, 5), out of an image."""

    def estimate_crops(self, crops: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
        """Return keypoints in pixels of their images, and scores, of such crops."""


def take_whole_image(index: int, image: np.ndarray) -> np.ndarray:
    """Take an image for the box of one person.

    Args:
        index (int): The number of the image.
        image (np.ndarray): The image.

    Returns:
        np.ndarray: One box of score 1, shape (1, 5).
    """
    height, width = image.shape[:2]
    return np.array([[0, 0, width, height, 1]], np.float32)


def estimate_people(
    model: PoseModel,
    images: Iterable[tuple[int, np.ndarray]],
    find_boxes: Callable[[int, np.ndarray], np.ndarray | None] = take_whole_image,
    batch_size: int = 8,
) -> Iterator[tuple[int, np.ndarray, People]]:
    """Estimate the people of images, several people at a time.

    Args:
        model (PoseModel): What estimates poses.
        images (Iterable[tuple[int, np.ndarray]]): Images, BGR, uint8, with numbers.
        find_boxes (Callable): Takes number and image, returns the people's boxes,
            shape (N, 5), or None to leave the image out. Defaults to
            :func:`take_whole_image`
        batch_size (int): People in one forward pass, at most, of one image or of
            several. Defaults to 8

    Yields:
        tuple[int, np.ndarray, People]: Each image with its number and its people.
    """
    group, waiting = [], 0
    for index, image in images:
        boxes = find_boxes(index, image)
        if boxes is None:
            continue
        group.append((index, image, boxes, model.crop(image, boxes)))
        waiting += len(boxes)
        if max(waiting, len(group)) >= batch_size:
            yield from _estimate_group(model, group, batch_size)
            group, waiting = [], 0
    yield from _estimate_group(model, group, batch_size)


def _estimate_group(
    model: PoseModel, group: list[tuple], batch_size: int
) -> Iterator[tuple[int, np.ndarray, People]]:
    """Run the people of some images together, and give each image its own."""
    crops = [crop for *_, of_one in group for crop in of_one]
    parts = [
        model.estimate_crops(crops[start : start + batch_size])
        for start in range(0, max(1, len(crops)), batch_size)
    ]
    keypoints, scores = (np.concatenate(part) for part in zip(*parts, strict=True))
    start = 0
    for index, image, boxes, _ in group:
        own = slice(start, start + len(boxes))
        yield index, image, People(boxes, keypoints[own], scores[own])
        start = own.stop
