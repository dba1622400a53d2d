"""Runs an exported file from picture to keypoints, without its PyTorch model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.structures import InstanceData
from mmpose.apis import inference_topdown
from mmpose.registry import KEYPOINT_CODECS
from mmpose.structures import PoseDataSample
from torch import nn

from .metadata import Metadata
from .packages import import_package
from .sessions import open_session


class ExportedModel(nn.Module):
    """An exported file in the place of MMPose's model.

    It is a module without parameters or layers that has what MMPose asks of a top-down
    model (``cfg``, ``dataset_meta``, ``test_cfg``, ``test_step``), so inferencers,
    :func:`mmpose.apis.inference_topdown` and MMEngine's runner take it. Crops are cut
    and outputs decoded by MMPose's own transforms and codecs, as the file's metadata
    say; there is no flip test.

    Args:
        file (str | Path): A file that ``mmpose-light export-onnx`` wrote.
        backend (str): 'onnxruntime' or 'openvino', on the CPU. Defaults to
            ``'onnxruntime'``
        threads (int, optional): Number of threads. Defaults to ``None``, what the
            backend takes for the best

    Raises:
        FileNotFoundError: If the file does not exist.
        ImportError: If a package of ``pip install mmpose-light[deploy]`` is missing.
        ValueError: If the file is no ONNX file or was not written by this package, or
            the backend is unknown or cannot load it.

    Attributes:
        metadata (Metadata): What the file says about itself.
        batch (int | None): The number of people that it takes at a time; None for any.

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
        backend: str = 'onnxruntime',
        threads: int | None = None,
    ) -> None:
        super().__init__()
        graph = read_graph(file)
        self.metadata = Metadata.read(graph, file)
        self.batch = (
            graph.graph.input[0].type.tensor_type.shape.dim[0].dim_value or None
        )
        self.session = open_session(file, backend, threads)
        self.codec = KEYPOINT_CODECS.build(self.metadata.codec)
        self.cfg = self.metadata.host_config()
        self.dataset_meta = self.metadata.dataset_meta()
        self.test_cfg: dict[str, Any] = {}  # the host's inferencers write into it

    def estimate(
        self, image: np.ndarray, boxes: Sequence | np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Estimate the poses of the people in a picture.

        Args:
            image (np.ndarray): The picture, BGR, uint8, as OpenCV reads it.
            boxes (Sequence | np.ndarray, optional): The people's boxes, shape (N, 4):
                left, top, right, bottom in pixels. Defaults to ``None``, the whole
                picture is one person's

        Returns:
            tuple[np.ndarray, np.ndarray]: Keypoints in pixels of the picture, shape
            (N, K, 2), and their scores, shape (N, K).

        Raises:
            ValueError: If the boxes have another shape.
        """
        if boxes is not None:
            boxes = np.asarray(boxes, np.float32)
            if boxes.size == 0:
                count = len(self.metadata.keypoint_names)
                return np.zeros((0, count, 2)), np.zeros((0, count))
            if boxes.ndim != 2 or boxes.shape[1] != 4:
                raise ValueError(
                    f'boxes have shape {boxes.shape}, expected (N, 4): left, top, '
                    'right, bottom'
                )
        people = [one.pred_instances for one in inference_topdown(self, image, boxes)]
        return (
            np.concatenate([one.keypoints for one in people]),
            np.concatenate([one.keypoint_scores for one in people]),
        )

    def test_step(self, data: dict[str, list]) -> list[PoseDataSample]:
        """Run a batch of crops, as MMPose's models do.

        Args:
            data (dict): ``inputs``, tensors of shape (3, H, W), BGR, uint8, and
                ``data_samples``, one for each.

        Returns:
            list[PoseDataSample]: These samples with ``pred_instances``, in pixels of
            their pictures.
        """
        crops = np.stack([crop.numpy() for crop in data['inputs']])
        outputs = self.run(crops.transpose(0, 2, 3, 1))
        for index, sample in enumerate(data['data_samples']):
            keypoints, scores = self.codec.decode(*(given[index] for given in outputs))
            if isinstance(scores, tuple):  # with the visibility
                scores = scores[0]
            sample.pred_instances = InstanceData(
                keypoints=keypoints / sample.input_size * sample.input_scale
                + sample.input_center
                - 0.5 * sample.input_scale,
                keypoint_scores=scores,
                keypoints_visible=scores,
                bboxes=sample.gt_instances.bboxes,
                bbox_scores=sample.gt_instances.bbox_scores,
            )
        return data['data_samples']

    def run(self, crops: np.ndarray) -> list[np.ndarray]:
        """Run the file on crops, as many at a time as it takes.

        Args:
            crops (np.ndarray): BGR, uint8, shape (N, H, W, 3), of the input's size.

        Returns:
            list[np.ndarray]: The outputs for all of them.
        """
        return run_batches(self.session, make_input(crops, self.metadata), self.batch)


def read_graph(file: str | Path) -> Any:
    """Read an ONNX file.

    Args:
        file (str | Path): The file.

    Returns:
        onnx.ModelProto: The graph.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no ONNX file, or only part of one.
    """
    onnx = import_package('onnx')
    from google.protobuf.message import DecodeError

    if not Path(file).is_file():
        raise FileNotFoundError(f'exported file {file} does not exist')
    try:
        graph = onnx.load(str(file))
        onnx.checker.check_model(graph)
    except (DecodeError, onnx.checker.ValidationError) as error:
        raise ValueError(
            f'{file} cannot be read, it is truncated or no ONNX file '
            f'({type(error).__name__}): copy it again, or export the model again'
        ) from error
    return graph


def make_input(crops: np.ndarray, metadata: Metadata) -> np.ndarray:
    """Make a file's input of crops.

    Args:
        crops (np.ndarray): BGR, uint8, shape (N, H, W, 3), of the input's size.
        metadata (Metadata): What the file says about itself.

    Returns:
        np.ndarray: The input, for all of them.
    """
    if metadata.channels == 'rgb':
        crops = crops[..., ::-1]
    if metadata.preprocess:
        return np.ascontiguousarray(crops)
    mean = np.array(metadata.mean, np.float32)
    std = np.array(metadata.std, np.float32)
    return np.ascontiguousarray(((crops - mean) / std).transpose(0, 3, 1, 2))


def run_batches(
    session: Any, images: np.ndarray, batch: int | None
) -> list[np.ndarray]:
    """Run a session on any number of images.

    Args:
        session (OnnxRuntimeSession | OpenVINOSession): The file.
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
