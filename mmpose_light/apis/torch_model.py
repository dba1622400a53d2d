"""A network of PyTorch that estimates poses, and a detector that finds people."""

import contextlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from torch import nn

from ..checkpoints.loading import load_fitting, read_checkpoint
from ..datasets.transforms.loading import find_color_type
from ..deploy.cropping import fit_channels
from ..deploy.drawing import Skeleton, to_color
from ..deploy.forms import ExportForm, count_channels
from ..deploy.fusion import fuse
from ..deploy.runtime import DescribedModel
from ..utils.errors import UserError
from .forms import describe_form, make_form
from .people import NO_BOXES, PoseModel


def open_network(network: nn.Module, flip_test: bool = False) -> PoseModel:
    """Take the quickest way to run a top-down model.

    Args:
        network (nn.Module): What :func:`~mmpose_light.apis.models.load_model` returned.
        flip_test (bool): Whether to do the flip test, if its config does. Defaults to
            ``False``

    Returns:
        PoseModel: Its inference form, cut out and decoded for as exported files are;
        with the flip test, or where metadata cannot tell how it is run, the model as it
        is tested.

    Raises:
        UserError: If it is not top-down.
    """
    data_mode = network.cfg.get('data_mode')
    if data_mode != 'topdown':
        raise UserError(
            f'the config has data_mode {data_mode!r}, expected a top-down model: '
            "data_mode 'topdown'"
        )
    tested = network.test_cfg
    flipped = flip_test and tested.get('flip_test')
    if not (flipped or tested.get('output_keypoint_indices')):
        with contextlib.suppress(UserError):
            form = make_form(network)
            metadata = describe_form(form, model='', precision='fp32')
            return DescribedModel(metadata, TorchSession(form))
    return TorchModel(network, flip_test)


class TorchSession:
    """A network in its inference form, run like an exported file.

    Args:
        form (ExportForm): The network, which is not of use for anything else then.

    Attributes:
        input_shape (tuple): Of its input, ``None`` for any number of images.
    """

    def __init__(self, form: ExportForm) -> None:
        width, height = form.input_size
        self.input_shape = None, count_channels(form.model), height, width
        self.form = fuse(form, inplace=True)
        self.device = next(form.parameters()).device

    @torch.inference_mode()
    def run(self, images: np.ndarray) -> list[np.ndarray]:
        """Return the outputs for images, float32, of the shape of the input."""
        layout = dict(memory_format=torch.channels_last)
        given = self.form(torch.from_numpy(images).to(self.device, **layout))
        given = given if isinstance(given, tuple) else (given,)
        return [item.float().cpu().numpy() for item in given]


class TorchModel:
    """A top-down model of MMPose, with the pipeline that its config tests it with.

    Args:
        model (nn.Module): What :func:`~mmpose_light.apis.models.load_model` returned.
        flip_test (bool): Whether to do the flip test, if its config does. Defaults to
            ``False``

    Attributes:
        skeleton (Skeleton): How its people are drawn.
        color_type (str): What images its test pipeline loads, 'color' or 'grayscale'.
    """

    def __init__(self, model: nn.Module, flip_test: bool = False) -> None:
        self.model = model
        if not flip_test:
            model.test_cfg = {**model.test_cfg, 'flip_test': False}
        self.pipeline = Compose(model.cfg.test_dataloader.dataset.pipeline)
        self.color_type = find_color_type(self.pipeline)
        self.skeleton = Skeleton.of_dataset(model.dataset_meta)

    def crop(self, image: np.ndarray, boxes: np.ndarray) -> list[dict]:
        """Cut people out.

        Args:
            image (np.ndarray): The image, BGR or gray, uint8.
            boxes (np.ndarray): Their boxes and scores, shape (N, 5).

        Returns:
            list[dict]: What the pipeline makes of each.
        """
        image = fit_channels(image, self.color_type)
        return [
            self.pipeline(
                dict(
                    self.model.dataset_meta,
                    img=image,
                    img_path='',
                    bbox=box[None, :4],
                    bbox_score=box[4:5],
                )
            )
            for box in boxes
        ]

    @torch.no_grad()
    def estimate_crops(self, crops: Sequence[dict]) -> tuple[np.ndarray, np.ndarray]:
        """Estimate the poses of people that were cut out.

        Args:
            crops (Sequence[dict]): What :meth:`crop` returned, of any images.

        Returns:
            tuple[np.ndarray, np.ndarray]: Keypoints in pixels of their images, shape
            (N, K, 2), and their scores, shape (N, K).
        """
        if not crops:
            count = self.model.dataset_meta['num_keypoints']
            return np.zeros((0, count, 2)), np.zeros((0, count))
        samples = self.model.test_step(pseudo_collate(crops))
        found = [sample.pred_instances for sample in samples]
        return (
            np.concatenate([one.keypoints for one in found]),
            np.concatenate([one.keypoint_scores for one in found]),
        )


class Detector:
    """A detector of MMDetection that finds people.

    Args:
        model (str): Config file, or name or alias of a model of MMDetection.
        weights (str, optional): Its weights. Defaults to ``None``, those that
            MMDetection publishes for the name
        category (str): Its name for people. Defaults to ``'person'``
        bbox_thr (float): Least score of a box. Defaults to 0.3
        nms_thr (float): IoU above which the lower of two boxes is dropped. Defaults to
            0.3
        device (str, optional): A device of PyTorch. Defaults to ``None``, a GPU where
            there is one

    Raises:
        MissingFileError: If a file does not exist.
        UserError: If the weights cannot be had, are broken or do not fit, or it knows
            no such category.
    """

    def __init__(
        self,
        model: str,
        weights: str | None = None,
        category: str = 'person',
        bbox_thr: float = 0.3,
        nms_thr: float = 0.3,
        device: str | None = None,
    ) -> None:
        import mmpose  # noqa: F401  (closes the gaps of the stack for MMDetection)
        from mmdet.apis import DetInferencer

        self.bbox_thr, self.nms_thr = bbox_thr, nms_thr
        checkpoint = read_checkpoint(weights) if weights else None
        scope = 'mmdet'
        if Path(model).is_file():
            scope = Config.fromfile(model).default_scope
        try:
            with contextlib.redirect_stdout(io.StringIO()):  # it prints what it loads
                self.inferencer = DetInferencer(
                    model, weights, device=device, scope=scope, show_progress=False
                )
        except OSError as error:  # no network
            raise UserError(
                f'the weights of detector {model} cannot be fetched ({error}): '
                'download them and give --detector-weights'
            ) from error
        if checkpoint is not None:
            load_fitting(self.inferencer.model, checkpoint, weights)
        classes = list(self.inferencer.model.dataset_meta['classes'])
        if category not in classes:
            raise UserError(
                f'the detector knows no category {category!r}, it knows {classes}'
            )
        self.label = classes.index(category)

    def __call__(self, index: int, image: np.ndarray) -> np.ndarray:
        """Find the people of one image.

        Args:
            index (int): The number of the image, for nothing.
            image (np.ndarray): The image, BGR or gray, uint8.

        Returns:
            np.ndarray: Boxes of shape (N, 5): left, top, right, bottom, score.
        """
        from mmpose.evaluation.functional import nms

        found = self.inferencer(to_color(image), return_datasamples=True)
        (sample,) = found['predictions']
        found: Any = sample.pred_instances.cpu().numpy()
        wanted = (found.labels == self.label) & (found.scores >= self.bbox_thr)
        boxes = np.column_stack((found.bboxes, found.scores))[wanted]
        boxes = boxes[(boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])]
        return boxes[nms(boxes, self.nms_thr)] if len(boxes) else NO_BOXES
