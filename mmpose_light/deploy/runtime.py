"""Runs a network from image to keypoints, an exported file without PyTorch and MMPose."""

import contextlib
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..utils.errors import UserError, first_line
from .choices import GRAY
from .cropping import Crop, crop_person, fit_channels, to_image
from .decoding import make_decoder
from .drawing import Skeleton
from .metadata import Metadata
from .runtimes import open_runtime

LARGEST = 1 << 27  # numbers in an input


class DescribedModel:
    """A network with metadata: images and boxes in, keypoints out.

    People are cut out and outputs decoded as MMPose does it, as the metadata say; there
    is no flip test.

    Args:
        metadata (Metadata): How it is run.
        session (RuntimeFile): What runs it.

    Attributes:
        metadata (Metadata): How it is run.
        batch (int | None): The number of people that it takes at a time; None for any.
        skeleton (Skeleton): How its people are drawn.
        color_type (str): What images it takes, 'color' or 'grayscale'.
    """

    def __init__(self, metadata: Metadata, session: Any) -> None:
        self.metadata = metadata
        self.session = session
        self.batch = session.input_shape[0]
        gray = metadata.channels == GRAY
        self.color_type = 'grayscale' if gray else 'color'
        with self._complaint():
            self.decode = make_decoder(metadata.codec)
        self.skeleton = Skeleton(
            metadata.skeleton_links,
            metadata.skeleton_link_colors,
            metadata.keypoint_colors,
        )

    def _complaint(self) -> contextlib.AbstractContextManager:
        """Return what turns errors of the network and the decoder into one's own."""
        return contextlib.nullcontext()

    def estimate(
        self, image: np.ndarray, boxes: Sequence | np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Estimate the poses of the people in an image.

        Args:
            image (np.ndarray): The image, BGR, uint8, as OpenCV reads it.
            boxes (Sequence | np.ndarray, optional): The people's boxes, shape (N, 4):
                left, top, right, bottom in pixels. Defaults to ``None``, the whole
                image is one person's

        Returns:
            tuple[np.ndarray, np.ndarray]: Keypoints in pixels of the image, shape
            (N, K, 2), and their scores, shape (N, K).

        Raises:
            UserError: If the boxes have another shape.
        """
        if boxes is None:
            height, width = image.shape[:2]
            boxes = [[0, 0, width, height]]
        boxes = np.asarray(boxes, np.float32)
        if boxes.size and (boxes.ndim != 2 or boxes.shape[1] != 4):
            raise UserError(
                f'boxes have shape {boxes.shape}, expected (N, 4): left, top, right, '
                'bottom'
            )
        return self.estimate_crops(self.crop(image, boxes))

    def crop(self, image: np.ndarray, boxes: np.ndarray) -> list[Crop]:
        """Cut people out.

        Args:
            image (np.ndarray): The image, BGR or gray, uint8.
            boxes (np.ndarray): Their boxes, shape (N, 4) or with scores (N, 5).

        Returns:
            list[Crop]: One for each.
        """
        image = fit_channels(image, self.color_type)
        about = self.metadata
        return [
            crop_person(image, box, about.input_size, about.box_padding, about.use_udp)
            for box in boxes
        ]

    def estimate_crops(self, crops: Sequence[Crop]) -> tuple[np.ndarray, np.ndarray]:
        """Estimate the poses of people that were cut out.

        Args:
            crops (Sequence[Crop]): What :meth:`crop` returned, of any images.

        Returns:
            tuple[np.ndarray, np.ndarray]: Keypoints in pixels of their images, shape
            (N, K, 2), and their scores, shape (N, K).

        Raises:
            UserError: If the file is spoilt.
        """
        if not crops:
            count = len(self.metadata.keypoint_names)
            return np.zeros((0, count, 2)), np.zeros((0, count))
        with self._complaint():
            outputs = self.run(np.stack([crop.pixels for crop in crops]))
            found = [self.decode(*given) for given in zip(*outputs, strict=True)]
            places, scores = map(np.stack, zip(*found, strict=True))
            shape = len(crops), len(self.metadata.keypoint_names)
            if places.shape != (*shape, 2) or scores.shape != shape:
                raise ValueError(f'keypoints are of shape {places.shape}')
        size = self.metadata.input_size
        keypoints = [
            to_image(place, crop.center, crop.scale, size)
            for place, crop in zip(places, crops, strict=True)
        ]
        return np.stack(keypoints), scores

    def run(self, crops: np.ndarray) -> list[np.ndarray]:
        """Run the file on crops, as many at a time as it takes.

        Args:
            crops (np.ndarray): As of :func:`make_input`.

        Returns:
            list[np.ndarray]: The outputs for all of them.
        """
        return run_batches(self.session, make_input(crops, self.metadata), self.batch)


class ExportedModel(DescribedModel):
    """A model that was exported: images and boxes in, keypoints out.

    Args:
        file (str | Path): A file that ``mmpose-light export`` wrote.
        runtime (str, optional): 'onnxruntime', 'openvino' or 'ncnn', on the CPU.
            Defaults to ``None``, the usual one for such a file
        threads (int, optional): Number of threads. Defaults to ``None``, what the
            runtime takes for the best

    Raises:
        MissingFileError: If the file, or what belongs beside it, does not exist.
        MissingPackageError: If the runtime is not installed.
        UserError: If the file is broken or was not written by this package, or the
            runtime is unknown or cannot load it.

    Example:
        >>> from mmpose_light.deploy import ExportedModel
        >>> model = ExportedModel('el_hrnet.onnx')  # doctest: +SKIP
        >>> keypoints, scores = model.estimate(image, boxes)  # doctest: +SKIP
        >>> keypoints.shape, scores.shape  # doctest: +SKIP
        ((3, 17, 2), (3, 17))
    """

    def __init__(
        self,
        file: str | Path,
        runtime: str | None = None,
        threads: int | None = None,
    ) -> None:
        self.file = file
        metadata = Metadata.read(file)
        session = open_runtime(file, runtime, threads)
        self._check_input(metadata, session.input_shape)
        super().__init__(metadata, session)

    @contextlib.contextmanager
    def _complaint(self) -> Iterator[None]:
        """Turn what a spoilt file raises, which may be anything, into one error."""
        try:
            yield
        except ImportError:
            raise
        except Exception as error:
            raise UserError(
                f'{self.file} does not do what its metadata say, export the model '
                f'again: {first_line(error) or type(error).__name__}'
            ) from error

    def _check_input(self, metadata: Metadata, found: Sequence[int | None]) -> None:
        """Complain about an input that is not what the metadata say, or too large."""
        width, height = metadata.input_size
        channels = 1 if metadata.channels == GRAY else 3
        sides = channels, height, width
        if metadata.preprocess:
            sides = height, width, channels
        fits = len(found) == 4 and all(
            side in (None, wanted)
            for side, wanted in zip(found[1:], sides, strict=True)
        )
        if not fits:
            raise UserError(
                f'the input of {self.file} is {found}, and (N, {", ".join(map(str, sides))}) '
                'by its metadata: export the model again'
            )
        if (found[0] or 1) * math.prod(sides) > LARGEST:
            raise UserError(
                f'the input of {self.file} has more than {LARGEST} numbers: export the '
                'model with a smaller batch'
            )


def make_input(crops: np.ndarray, metadata: Metadata) -> np.ndarray:
    """Make a file's input of crops.

    Args:
        crops (np.ndarray): BGR, uint8, shape (N, H, W, 3), or gray, (N, H, W) or
            (N, H, W, 1), of the input's size.
        metadata (Metadata): What the file says about itself.

    Returns:
        np.ndarray: The input, for all of them.
    """
    if crops.ndim == 3:
        crops = crops[..., None]
    if metadata.channels == 'rgb':
        crops = crops[..., ::-1]
    if metadata.preprocess:
        return np.ascontiguousarray(crops)
    planes = crops.transpose(0, 3, 1, 2)
    mean, std = (
        np.array(values, np.float32)[:, None, None]
        for values in (metadata.mean, metadata.std)
    )
    images = np.subtract(planes, mean, out=np.empty(planes.shape, np.float32))
    images /= std
    return images


def run_batches(
    session: Any, images: np.ndarray, batch: int | None
) -> list[np.ndarray]:
    """Run a session on any number of images.

    Args:
        session (RuntimeFile): The file, opened.
        images (np.ndarray): Its input, for any number of images.
        batch (int, optional): How many it takes at a time; None for any.

    Returns:
        list[np.ndarray]: The outputs for all of them.
    """
    if batch is None:
        return session.run(images)
    chunks = []
    for start in range(0, len(images), batch):
        chunk = images[start : start + batch]
        lacking = batch - len(chunk)
        filled = np.concatenate((chunk, np.repeat(chunk[-1:], lacking, axis=0)))
        chunks.append([given[: len(chunk)] for given in session.run(filled)])
    return [np.concatenate(parts) for parts in zip(*chunks, strict=True)]
