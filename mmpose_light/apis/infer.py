"""Poses in images and videos: ``mmpose-light infer``."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from ..deploy.drawing import draw_skeletons
from ..deploy.image_reading import read_image
from ..utils.errors import MissingFileError, UserError
from ..utils.files import write_json
from ..utils.late_imports import load_what_stays
from .given_boxes import GivenBoxes, find_boxes_by
from .inputs import (
    count_frames,
    find_inputs,
    read_frame_rate,
    read_frames,
    refuse_weights,
)
from .models import choose_device, find_model, load_model
from .outputs import (
    DRAWN,
    PREDICTIONS,
    VideoFile,
    describe_people,
    name_image,
    name_outputs,
    write_image,
)
from .people import NO_BOXES, PoseModel, estimate_people, take_whole_image

OUT_DIR = 'work_dirs/infer'

#: Told how far a run is: of what, how many are done, how many there are.
ReportProgress = Callable[[str, int, int], None]


@dataclass
class Inference:
    """What a run did.

    Attributes:
        names (dict[str, str]): The name of each input's results, without suffix.
        people (dict[str, int]): The number of people found, by input; for a video,
            over all its frames.
        skipped (dict[str, str]): Inputs that could not be read, and why.
        boxes (GivenBoxes, optional): The given boxes, and what was left out of them.
    """

    names: dict[str, str]
    people: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    boxes: GivenBoxes | None = None


def infer(
    model: str | Path,
    inputs: str | Path | Sequence[str | Path],
    out_dir: str | Path = OUT_DIR,
    *,
    weights: str | Path | None = None,
    boxes: GivenBoxes | str | Path | None = None,
    ann_file: str | Path | None = None,
    category: Sequence[int | str] | int | str | None = None,
    boxes_for: str | None = None,
    detector: str | None = None,
    detector_weights: str | None = None,
    detector_category: str = 'person',
    bbox_thr: float = 0.3,
    nms_thr: float = 0.3,
    device: str = 'auto',
    runtime: str | None = None,
    threads: int | None = None,
    batch_size: int = 8,
    kpt_thr: float = 0.3,
    radius: int = 3,
    thickness: int = 1,
    save_images: bool = True,
    save_json: bool = True,
    progress: ReportProgress | None = None,
) -> Inference:
    """Estimate the poses in images and videos, and write them to files.

    ``OUT_DIR/visualizations`` gets the images (or videos) with skeletons,
    ``OUT_DIR/predictions`` a json file for each in MMPose's own format,
    ``OUT_DIR/inputs.json`` tells which input each name stands for.

    Args:
        model (str | Path): A top-down model, in any of the ways that
            :mod:`mmpose_light.apis.models` tells, or a file that ``mmpose-light
            export`` wrote (``.onnx``), which needs neither PyTorch nor MMPose.
        inputs (str | Path | Sequence): Images, folders of images, glob patterns,
            videos.
        out_dir (str | Path): The output folder. Defaults to ``'work_dirs/infer'``
        weights (str | Path, optional): The model's weights. Defaults to ``None``, those
            of a trained model or of an exported file
        boxes (GivenBoxes | str | Path, optional): The people's boxes, or a file of
            them, as :meth:`GivenBoxes.from_files` reads it. For a video the number of
            the frame, from 0, is the image id. Defaults to ``None``
        ann_file (str | Path, optional): COCO annotations: their boxes, or with
            ``boxes`` just their image ids. Defaults to ``None``
        category (Sequence[int | str] | int | str, optional): Names or ids of the
            categories of boxes that are taken. Defaults to ``None``, people
        boxes_for (str, optional): The size of the images for which the boxes are:
            ``'1920x1080'``, ``'1x1'`` for boxes in 0..1, ``'annotated'`` or
            ``'file'``, see :class:`GivenBoxes`. Defaults to ``None``: an image is
            skipped if its boxes cannot belong to it
        detector (str, optional): Config file, or name or alias of a model of
            MMDetection, that finds the people. Without boxes and detector, the whole
            image is taken as one person's box. Defaults to ``None``
        detector_weights (str, optional): Weights of the detector; a config file needs
            them. Defaults to ``None``, those that MMDetection publishes for the name
        detector_category (str): The detector's name for people. Defaults to
            ``'person'``
        bbox_thr (float): Least score of a box from a detector or a file of boxes.
            Defaults to 0.3
        nms_thr (float): IoU above which the lower of two detected boxes is dropped.
            Defaults to 0.3
        device (str): 'cpu', 'cuda', 'cuda:1' …, or 'auto': a GPU where there is one.
            With an exported file, which runs on the CPU, it is the detector's alone.
            Defaults to ``'auto'``
        runtime (str, optional): What runs an exported file: 'onnxruntime' or
            'openvino'. Defaults to ``None``, ONNX Runtime
        threads (int, optional): Threads of the runtime. Defaults to ``None``, what it
            takes for the best
        batch_size (int): People in one forward pass. Defaults to 8
        kpt_thr (float): Least score of a keypoint that is drawn. Defaults to 0.3
        radius (int): Radius of the drawn keypoints in pixels. Defaults to 3
        thickness (int): Thickness of the drawn links in pixels. Defaults to 1
        save_images (bool): Write images and videos. Defaults to ``True``
        save_json (bool): Write json files. Defaults to ``True``
        progress (Callable, optional): Told how far the run is. Defaults to ``None``

    Returns:
        Inference: Names of the results, numbers of people, unreadable inputs.

    Raises:
        MissingFileError: If a config, a file of weights or an input does not exist.
        ImportError: If an exported file needs a package that is not installed.
        UserError: If an argument or a file is not what it should be; the message says
            what would do.

    Example:
        >>> from mmpose_light.apis import infer
        >>> done = infer('el-hrnet-w32-lspet-cpu', 'photos/')  # doctest: +SKIP
        >>> done.people, done.skipped  # doctest: +SKIP
        ({'photos/a.jpg': 1}, {'photos/b.jpg': 'image file is truncated'})
    """
    if batch_size < 1:
        raise UserError(f'batch_size is {batch_size}, expected 1 or more')
    if not (save_images or save_json):
        raise UserError('neither images nor json are to be written: want one')
    _check_people(boxes or ann_file, detector, detector_weights)
    refuse_weights(inputs)
    open_model = _choose_model(model, weights, device, runtime, threads)
    images, videos = find_inputs(inputs)
    if (boxes or ann_file) and not isinstance(boxes, GivenBoxes):
        boxes = GivenBoxes.from_files(
            boxes, ann_file, bbox_thr if boxes else 0, category, boxes_for
        )
    elif category is not None or boxes_for is not None:
        raise UserError('category and boxes_for go with a file of boxes: give one')
    done = Inference({}, boxes=boxes)
    find_boxes = (
        _look_up(boxes, images, videos, done.skipped) if boxes else take_whole_image
    )
    with load_what_stays():
        pose_model = open_model()
    if detector is not None:
        from .torch_model import Detector

        find_boxes = Detector(
            detector,
            detector_weights,
            detector_category,
            bbox_thr,
            nms_thr,
            choose_device(device),
        )
    done.names = name_outputs(out_dir, [*images, *videos])
    draw = partial(
        draw_skeletons,
        skeleton=pose_model.skeleton,
        kpt_thr=kpt_thr,
        radius=radius,
        thickness=thickness,
    )
    run = _Run(
        partial(
            estimate_people,
            pose_model,
            find_boxes=find_boxes,
            batch_size=batch_size,
        ),
        done,
        draw,
        drawn_dir=Path(out_dir, DRAWN) if save_images else None,
        json_dir=Path(out_dir, PREDICTIONS) if save_json else None,
        progress=progress or (lambda what, done, total: None),
    )
    run.images(images)
    for video in videos:
        run.video(video)
    return run.done


def _check_people(
    boxes: object, detector: str | None, detector_weights: str | None
) -> None:
    """Complain about arguments for finding people that do not go together."""
    if boxes and detector is not None:
        raise UserError('boxes are given, so there is nothing to detect: give one')
    if detector_weights is not None and detector is None:
        raise UserError('detector_weights without detector: give its config too')
    if detector is None:
        return
    if detector.endswith('.py') and not Path(detector).is_file():
        raise MissingFileError(f'config {detector} does not exist')
    if Path(detector).is_file() and detector_weights is None:
        raise UserError(
            f'detector {detector} is a config file, and has random weights without '
            'detector_weights: give its checkpoint'
        )


def _choose_model(
    model: str | Path,
    weights: str | Path | None,
    device: str,
    runtime: str | None,
    threads: int | None,
) -> Callable[[], PoseModel]:
    """Check the arguments about the model, and return what opens it."""
    if is_exported(model):
        if weights is not None:
            raise UserError(
                f'{model} is an exported file and holds its weights: leave --weights '
                f'{weights} out'
            )
        from ..deploy.runtime import ExportedModel

        return partial(ExportedModel, model, runtime or 'onnxruntime', threads)
    found = find_model(model, weights)
    if found.weights is None:
        raise UserError(
            f'{model} has no weights here: give a file of them with --weights, or a '
            'model that has its own (`mmpose-light list-models --trained`)'
        )
    if runtime is not None or threads is not None:
        raise UserError(
            f'{model} runs in PyTorch: --runtime and --threads are for an exported '
            'file, which `mmpose-light export` writes'
        )

    def open_model() -> PoseModel:
        from .torch_model import TorchModel

        return TorchModel(load_model(found.config, found.weights, device))

    return open_model


def is_exported(model: str | Path) -> bool:
    """Return whether a model is named by an exported file, by its suffix.

    Args:
        model (str | Path): A model.

    Returns:
        bool: Whether it ends in ``.onnx``.
    """
    return Path(model).suffix.lower() == '.onnx'


def _look_up(
    boxes: GivenBoxes, images: list[str], videos: list[str], skipped: dict[str, str]
) -> Callable[[int, np.ndarray], np.ndarray | None]:
    """Find given boxes by position of the image or number of the frame."""
    if not videos:
        ids = boxes.find_ids(images)

        def refuse(index: int, reason: str) -> None:
            skipped[images[index]] = reason

        return find_boxes_by(boxes, ids.get, refuse)
    if images or len(videos) > 1:
        raise UserError(
            'given boxes of a video are told by the number of the frame: '
            'run that video alone'
        )
    frames = count_frames(videos[0])
    if not any(number in boxes.boxes for number in range(frames)):
        raise UserError(
            f'none of the {frames} frames of {videos[0]} has a given box: the '
            'image ids should be frame numbers from 0, they are '
            f'{list(boxes.boxes)[:4]}'
        )

    def refuse_frame(number: int, reason: str) -> np.ndarray:
        skipped.setdefault(videos[0], f'no box taken in frame {number}, …: {reason}')
        return NO_BOXES

    return find_boxes_by(boxes, lambda number: number, refuse_frame)


@dataclass
class _Run:
    """A run over images and videos.

    Attributes:
        estimate (Callable): Takes numbered images, gives them with their people.
        done (Inference): What was done so far.
        draw (Callable): Draws keypoints, by their scores, over an image.
        drawn_dir (Path, optional): Folder of what is drawn.
        json_dir (Path, optional): Folder of the json files.
        progress (Callable): Told how far the run is.
    """

    estimate: Callable[..., Iterator]
    done: Inference
    draw: Callable[..., np.ndarray]
    drawn_dir: Path | None
    json_dir: Path | None
    progress: ReportProgress

    def images(self, paths: Sequence[str]) -> None:
        """Run images and note what came of each."""
        for count, (index, image, people) in enumerate(
            self.estimate(self._read(paths)), start=1
        ):
            path = paths[index]
            name = self.done.names[path]
            if self.drawn_dir:
                drawn = self.draw(image, people.keypoints, people.scores)
                write_image(self.drawn_dir / name_image(path, name), drawn)
            if self.json_dir:
                file = self.json_dir / f'{name}.json'
                write_json(file, describe_people(people), indent=2)
            self.done.people[path] = len(people.boxes)
            self.progress('images', count + len(self.done.skipped), len(paths))

    def _read(self, paths: Sequence[str]) -> Iterator[tuple[int, np.ndarray]]:
        """Read what can be read, and note what cannot."""
        for index, path in enumerate(paths):
            try:
                yield index, read_image(path)
            except UserError as error:
                self.done.skipped[path] = str(error)

    def video(self, path: str) -> None:
        """Run a video and note what came of it."""
        total = count_frames(path)
        if not total:
            self.done.skipped[path] = 'not a single frame can be read'
            return
        name, frames = self.done.names[path], []
        drawn = None
        if self.drawn_dir:
            drawn = VideoFile(self.drawn_dir / f'{name}.mp4', read_frame_rate(path))
        for index, frame, people in self.estimate(enumerate(read_frames(path))):
            if drawn:
                drawn.write(self.draw(frame, people.keypoints, people.scores))
            frames.append(dict(frame_id=index, instances=describe_people(people)))
            self.progress(Path(path).name, len(frames), total)
        if self.json_dir:
            write_json(self.json_dir / f'{name}.json', frames, indent=2)
        self.done.people[path] = sum(len(frame['instances']) for frame in frames)
        if len(frames) < total - 1:  # the header may be off by one
            told = f'only {len(frames)} of {total} frames can be read'
            self.done.skipped[path] = told
        if drawn and not drawn.close():
            told = f'this OpenCV ({cv2.__version__}) cannot write mp4 videos'
            self.done.skipped[path] = told
