"""MMPose's 2D inferencer for top-down models, with what it leaves out.

On top of :class:`mmpose.apis.inferencers.Pose2DInferencer`:

- boxes given by the caller (the host takes ``bboxes`` and drops them);
- several people, pictures or frames in one forward pass (the host takes
  ``batch_size`` and drops it);
- where a detector finds nobody, nobody (the host takes the whole image instead);
- a checkpoint that does not fit the model is an error, not a warning, for the
  detector too;
- an unreadable or truncated picture is left out and told, the others are done;
- names for the results.

Visualization, the json files and the reading of videos are the host's.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import cv2
import mmcv
import numpy as np
import torch
from mmengine.structures import InstanceData
from mmpose.apis.inferencers import Pose2DInferencer
from mmpose.evaluation.functional import nms
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample, merge_data_samples
from mmpose.utils.typing import ConfigType
from PIL import Image, UnidentifiedImageError
from torch import nn

from ..checkpoints.loading import load_fitting, read_checkpoint

if TYPE_CHECKING:
    from ..deploy import ExportedModel

NO_BOXES = np.zeros((0, 5), np.float32)
DEFAULT_FPS = 25  # for videos that do not tell theirs


class TopdownInferencer(Pose2DInferencer):
    """Pose inferencer for top-down models.

    Args:
        model (str | ConfigType): Config file, config, or a model name of MMPose.
        weights (str): The checkpoint. Its ``dataset_meta`` gives keypoints and
            skeleton; where it has none, the config's training data set does.
        device (str, optional): A device of PyTorch. Defaults to ``None``, a GPU where
            there is one
        detector (str, optional): Config file, or a model name or alias of MMDetection,
            for the boxes. Defaults to ``None``, the whole image is one person's box
        detector_weights (str, optional): The detector's checkpoint. Defaults to
            ``None``, that which MMDetection publishes for the name
        detector_category (str): The detector's name for people. Defaults to
            ``'person'``

    Raises:
        FileNotFoundError: If a config or checkpoint does not exist.
        ValueError: If the model is not top-down, a checkpoint is broken or does not
            fit, or the detector knows no such category.

    Attributes:
        skipped (dict[str, str]): The pictures that could not be read in the last call
            and why.
    """

    preprocess_kwargs: set = Pose2DInferencer.preprocess_kwargs | {'names'}
    forward_kwargs: set = set()

    def __init__(
        self,
        model: str | ConfigType,
        weights: str,
        device: str | None = None,
        detector: str | None = None,
        detector_weights: str | None = None,
        detector_category: str = 'person',
    ) -> None:
        self.skipped: dict[str, str] = {}
        self._weights = weights
        self._detector_category = detector_category
        super().__init__(
            model,
            weights,
            device,
            det_model=detector,
            det_weights=detector_weights,
        )

    # Building

    def _init_model(
        self, cfg: ConfigType, weights: str, device: str = 'cpu'
    ) -> nn.Module:
        """Build the model and fill it, all of it."""
        if cfg.get('data_mode') != 'topdown':
            raise ValueError(
                f'the config has data_mode {cfg.get("data_mode")!r}, '
                "expected a top-down model: data_mode 'topdown'"
            )
        checkpoint = read_checkpoint(weights)
        model = MODELS.build(cfg.model)
        model.cfg = cfg
        self._load_weights_to_model(model, checkpoint, cfg)
        return model.to(device).eval()

    def _load_weights_to_model(
        self, model: nn.Module, checkpoint: dict, cfg: ConfigType
    ) -> None:
        """Fill the model and take dataset_meta from checkpoint or config."""
        load_fitting(model, checkpoint, self._weights)
        if not checkpoint.get('meta', {}).get('dataset_meta', True):
            del checkpoint['meta']['dataset_meta']
        super()._load_weights_to_model(model, checkpoint, cfg)
        if model.dataset_meta is None:
            raise ValueError(
                f'neither checkpoint {self._weights} nor the config tells dataset_meta '
                '(keypoints, skeleton): give the config a train_dataloader'
            )

    def _init_detector(
        self,
        det_model: str | None = None,
        det_weights: str | None = None,
        det_cat_ids: None = None,
        device: str | None = None,
    ) -> None:
        """Build the detector, fill it, all of it, and find its category."""
        if det_model is None:
            self.detector = None
            return
        checkpoint = read_checkpoint(det_weights) if det_weights else None
        try:
            super()._init_detector(det_model, det_weights, det_cat_ids, device)
        except OSError as error:  # no network
            raise ValueError(
                f'the weights of detector {det_model} cannot be fetched ({error}): '
                'download them and give detector_weights'
            ) from error
        if checkpoint is not None:
            load_fitting(self.detector.model, checkpoint, det_weights)
        classes = list(self.detector.model.dataset_meta['classes'])
        if self._detector_category not in classes:
            raise ValueError(
                f'the detector knows no category {self._detector_category!r}, '
                f'it knows {classes}'
            )
        self.det_cat_ids = (classes.index(self._detector_category),)

    # Running

    def preprocess(
        self,
        inputs: Iterable,
        batch_size: int = 1,
        bboxes: Mapping[int, np.ndarray] | None = None,
        bbox_thr: float = 0.3,
        nms_thr: float = 0.3,
        names: Sequence[str] | None = None,
    ) -> Iterator[tuple[list, list[np.ndarray]]]:
        """Read the inputs and put people together to batches.

        Args:
            inputs (Iterable): Picture files, arrays (BGR), or frames.
            batch_size (int): People in one forward pass, at most. Defaults to 1
            bboxes (Mapping[int, np.ndarray], optional): Given boxes by position of the
                input (number of the frame), shape (N, 5): left, top, right, bottom,
                score. An input without an entry has no people. Defaults to ``None``,
                the detector's boxes or the whole image
            bbox_thr (float): Least score of a detected box. Defaults to 0.3
            nms_thr (float): IoU above which the lower of two detected boxes is dropped.
                Defaults to 0.3
            names (Sequence[str], optional): File names of the results, one for each
                picture, or one for the video. Defaults to ``None``, those of the inputs

        Yields:
            tuple: The batches with the pictures' names and numbers of people, and the
            pictures.
        """
        self.skipped = {}
        if self._video_input and names:
            self.video_info['name'] = names[0]
        group: list[tuple[str, list[dict]]] = []
        images: list[np.ndarray] = []
        for index, item in enumerate(inputs):
            try:
                image = item if isinstance(item, np.ndarray) else read_image(item)
            except ValueError as error:
                self.skipped[item] = str(error)
                continue
            name = names[index] if names and not self._video_input else None
            if name is None:
                name = item if isinstance(item, str) else f'{index:06d}.jpg'
            people = self.preprocess_single(
                image,
                index,
                bbox_thr,
                nms_thr,
                None if bboxes is None else bboxes.get(index, NO_BOXES),
                name,
            )
            group.append((name, people))
            images.append(image)
            waiting = sum(len(people) for _, people in group)
            if max(waiting, len(images)) >= batch_size:
                yield self._collate(group, batch_size), images
                group, images = [], []
        if group:
            yield self._collate(group, batch_size), images

    def preprocess_single(
        self,
        input: np.ndarray,
        index: int,
        bbox_thr: float = 0.3,
        nms_thr: float = 0.3,
        bboxes: np.ndarray | None = None,
        name: str | None = None,
    ) -> list[dict]:
        """Cut one picture's people out.

        Args:
            input (np.ndarray): The picture, BGR.
            index (int): Its position in the input.
            bbox_thr (float): Least score of a detected box. Defaults to 0.3
            nms_thr (float): IoU threshold among detected boxes. Defaults to 0.3
            bboxes (np.ndarray, optional): Given boxes, shape (N, 5). Defaults to
                ``None``
            name (str, optional): The name of the picture. Defaults to ``None``, its
                position

        Returns:
            list[dict]: What the config's test pipeline makes of each person.
        """
        if bboxes is None:
            if self.detector is None:
                height, width = input.shape[:2]
                bboxes = np.array([[0, 0, width, height, 1]], np.float32)
            else:
                bboxes = self.detect(input, bbox_thr, nms_thr)
        return [
            self.pipeline(
                dict(
                    self.model.dataset_meta,
                    img=input,
                    img_path=name or f'{index:06d}.jpg',
                    bbox=box[None, :4],
                    bbox_score=box[4:5],
                )
            )
            for box in bboxes
        ]

    def detect(self, image: np.ndarray, bbox_thr: float, nms_thr: float) -> np.ndarray:
        """Find the people of one picture.

        Args:
            image (np.ndarray): The picture, BGR.
            bbox_thr (float): Least score of a box.
            nms_thr (float): IoU above which the lower of two boxes is dropped.

        Returns:
            np.ndarray: Boxes of shape (N, 5): left, top, right, bottom, score.
        """
        (sample,) = self.detector(image, return_datasamples=True)['predictions']
        found = sample.pred_instances.cpu().numpy()
        wanted = np.isin(found.labels, self.det_cat_ids) & (found.scores >= bbox_thr)
        boxes = np.column_stack((found.bboxes, found.scores))[wanted]
        boxes = boxes[(boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])]
        return boxes[nms(boxes, nms_thr)] if len(boxes) else NO_BOXES

    def _collate(self, group: list[tuple[str, list[dict]]], batch_size: int) -> list:
        """Make batches of at most ``batch_size`` people, and tell whose they are."""
        people = [person for _, of_one in group for person in of_one]
        batches = [
            self.collate_fn(people[start : start + batch_size])
            for start in range(0, len(people), batch_size)
        ]
        return [batches, [(name, len(of_one)) for name, of_one in group]]

    @torch.no_grad()
    def forward(self, inputs: list) -> list[PoseDataSample]:
        """Run the batches and give the people back to their pictures.

        Args:
            inputs (list): What :meth:`preprocess` yielded first.

        Returns:
            list[PoseDataSample]: One for each picture, with all its people.
        """
        batches, pictures = inputs
        people = [one for batch in batches for one in self.model.test_step(batch)]
        samples, start = [], 0
        for name, count in pictures:
            of_one = people[start : start + count]
            samples.append(merge_data_samples(of_one) if of_one else self._nobody(name))
            start += count
        return samples

    def _nobody(self, name: str) -> PoseDataSample:
        """Return the result for a picture without people."""
        keypoints = np.zeros((0, self.model.dataset_meta['num_keypoints'], 2))
        sample = PoseDataSample(metainfo=dict(img_path=name))
        sample.pred_instances = InstanceData(
            keypoints=keypoints, keypoint_scores=keypoints[..., 0]
        )
        return sample

    def _inputs_to_list(self, inputs: str | Sequence) -> Iterable:
        """List the inputs as the host does; give a video without a frame rate one."""
        inputs = super()._inputs_to_list(inputs)
        if self._video_input and not self.video_info['fps'] > 0:
            self.video_info['fps'] = DEFAULT_FPS
        return inputs


class ExportedInferencer(TopdownInferencer):
    """Pose inferencer for an exported file: the same, without config and checkpoint.

    Args:
        model (ExportedModel): The file.
        device (str, optional): A device of PyTorch for the detector. Defaults to
            ``None``, a GPU where there is one
        detector (str, optional): As in the base class. Defaults to ``None``
        detector_weights (str, optional): Likewise. Defaults to ``None``
        detector_category (str): Likewise. Defaults to ``'person'``

    Raises:
        FileNotFoundError: If the detector's config or checkpoint does not exist.
        ValueError: If its checkpoint is broken or does not fit, or it knows no such
            category.
    """

    def __init__(
        self,
        model: 'ExportedModel',
        device: str | None = None,
        detector: str | None = None,
        detector_weights: str | None = None,
        detector_category: str = 'person',
    ) -> None:
        self._exported = model
        super().__init__(
            model.cfg, '', device, detector, detector_weights, detector_category
        )

    def _init_model(
        self, cfg: ConfigType, weights: str, device: str = 'cpu'
    ) -> 'ExportedModel':
        """Return the model that there is."""
        return self._exported


def read_image(path: str) -> np.ndarray:
    """Read a picture, all of it.

    OpenCV fills what a truncated file lacks with gray and says nothing that a program
    could hear, so Pillow looks first.

    Args:
        path (str): The picture file.

    Returns:
        np.ndarray: The picture, BGR, uint8, turned upright as its EXIF data say.

    Raises:
        ValueError: If the file is missing, truncated or no picture.
    """
    try:
        with Image.open(path) as image:
            image.load()
    except UnidentifiedImageError:
        pass  # a format that OpenCV may know
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(str(error)) from error
    try:
        image = mmcv.imread(path)
    except cv2.error:  # an empty file
        image = None
    if image is None:
        raise ValueError('it is no picture that OpenCV or Pillow can read')
    return image
