"""Skeletons drawn over images as MMPose draws them, by OpenCV alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

RED = (255, 0, 0)
# Sizes in drawings, in shares of a person's: 3 pixels and 2 of a person of 256.
RADIUS, THICKNESS, TEXT = 1 / 85, 1 / 128, 1 / 500


@dataclass(frozen=True)
class Skeleton:
    """How a data set's people are drawn.

    Attributes:
        links (Sequence): The pairs of keypoints to join by a line.
        link_colors (Sequence): Their colors, RGB.
        keypoint_colors (Sequence): The keypoints' colors, RGB.
    """

    links: Sequence[Sequence[int]]
    link_colors: Sequence[Sequence[int]]
    keypoint_colors: Sequence[Sequence[int]]

    @classmethod
    def of_dataset(cls, dataset_meta: Mapping[str, Any]) -> 'Skeleton':
        """Take it from the ``dataset_meta`` of a model of MMPose."""
        count = dataset_meta['num_keypoints']
        links = dataset_meta.get('skeleton_links')
        link_colors = dataset_meta.get('skeleton_link_colors')
        keypoint_colors = dataset_meta.get('keypoint_colors')
        if links is None or link_colors is None:
            links = link_colors = []
        if keypoint_colors is None:
            keypoint_colors = [RED] * count
        return cls(links, link_colors, keypoint_colors)


def draw_skeletons(
    image: np.ndarray,
    keypoints: np.ndarray,
    scores: np.ndarray,
    skeleton: Skeleton,
    kpt_thr: float = 0.3,
    radius: int | None = None,
    thickness: int | None = None,
    numbers: Sequence[int] | None = None,
    draw_scores: bool = False,
) -> np.ndarray:
    """Draw people over an image.

    Args:
        image (np.ndarray): The image, BGR or gray, uint8; it stays as it is.
        keypoints (np.ndarray): In pixels of the image, shape (N, K, 2).
        scores (np.ndarray): The keypoints' scores, shape (N, K).
        skeleton (Skeleton): How to draw them.
        kpt_thr (float): Least score of a keypoint that is drawn. Defaults to 0.3
        radius (int, optional): Radius of the keypoints in pixels. Defaults to ``None``,
            by the person's size, 2 or more
        thickness (int, optional): Thickness of the links in pixels. Defaults to
            ``None``, by the person's size, 1 or more
        numbers (Sequence[int], optional): The people's numbers, drawn above them.
            Defaults to ``None``
        draw_scores (bool): Write above each person the mean score of the keypoints that
            are drawn, behind the number. Defaults to ``False``

    Returns:
        np.ndarray: The image with the people on it, BGR.
    """
    drawn = to_color(image).copy()
    height, width = drawn.shape[:2]
    for index, (points, surely) in enumerate(
        zip(keypoints.astype(int), scores >= kpt_thr, strict=True)
    ):
        size = max(np.ptp(points[surely], axis=0)) if surely.any() else 0
        dot = max(2, round(RADIUS * size)) if radius is None else radius
        line = max(1, round(THICKNESS * size)) if thickness is None else thickness
        inside = ((points > 0) & (points < (width, height))).all(axis=1)
        joinable = surely & inside
        for (a, b), color in zip(skeleton.links, skeleton.link_colors, strict=True):
            if joinable[a] and joinable[b]:
                ends = points[a].tolist(), points[b].tolist()
                cv2.line(drawn, *ends, _to_bgr(color), thickness=line)
        for point, color, sure in zip(
            points.tolist(), skeleton.keypoint_colors, surely, strict=True
        ):
            if sure:
                cv2.circle(drawn, point, dot, _to_bgr(color), -1)
        told = [] if numbers is None else [str(numbers[index])]
        if draw_scores and surely.any():
            told.append(f'{scores[index][surely].mean():.2f}')
        if told and surely.any():
            _write_above(drawn, ': '.join(told), points[surely].min(0), size)
    return drawn


def _write_above(image: np.ndarray, text: str, corner: np.ndarray, size: float) -> None:
    """Write into an image, above a person's keypoints."""
    scale = max(0.5, TEXT * size)
    place = np.maximum(corner - (0, int(8 * scale)), (0, int(24 * scale))).tolist()
    for thickness, color in ((4, (0, 0, 0)), (2, (255, 255, 255))):
        cv2.putText(
            image,
            text,
            place,
            cv2.FONT_HERSHEY_SIMPLEX,
            scale,
            color,
            max(1, round(thickness * scale)),
            cv2.LINE_AA,
        )


def to_color(image: np.ndarray) -> np.ndarray:
    """Make a gray image one of three channels, and leave any other as it is."""
    if image.ndim == 2:
        return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    return np.ascontiguousarray(image)


def _to_bgr(color: Sequence[int]) -> tuple[int, ...]:
    return tuple(int(value) for value in reversed(list(color)))
