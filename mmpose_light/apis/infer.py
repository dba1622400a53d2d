"""Poses in images and videos: ``mmpose-light infer``."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from ..deploy.choices import find_format
from ..deploy.runtimes import check_threads
from ..utils.errors import MissingFileError, UserError
from ..utils.late_imports import import_host, load_what_stays
from ..utils.threads import set_torch_threads
from ..utils.video_reading import describe_video, is_camera
from .given_boxes import GivenBoxes, find_boxes_by
from .inference import Inference, ReportProgress, Run
from .inputs import find_inputs, refuse_weights
from .models import DEFAULT_MODEL, choose_device, find_model, load_model
from .outputs import DRAWN, PREDICTIONS, name_outputs
from .people import NO_BOXES, PoseModel, estimate_people, take_whole_image
from .tracking import PoseTracker

OUT_DIR = 'work_dirs/infer'


def infer(
    model: str | Path | None,
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
    flip_test: bool = False,
    track: bool = False,
    detect_every: int = 10,
    smooth: bool = False,
    kpt_thr: float | None = None,
    radius: int | None = None,
    thickness: int | None = None,
    draw_scores: bool = False,
    show: bool = False,
    save_images: bool = True,
    save_json: bool = True,
    progress: ReportProgress | None = None,
) -> Inference:
    """Estimate the poses in images and videos, and write them to files.

    ``OUT_DIR/visualizations`` gets the images (or videos) with skeletons,
    ``OUT_DIR/predictions`` a json file for each in MMPose's own format,
    ``OUT_DIR/inputs.json`` tells which input each name stands for.

    Args:
        model (str | Path | None): A top-down model, in any of the ways that
            :mod:`mmpose_light.apis.models` tells, or a file that ``mmpose-light
            export`` wrote (``.onnx``, ``.xml`` of OpenVINO, ``.param`` of ncnn), which
            needs neither PyTorch nor MMPose. ``None`` for the best of those whose
            weights come along, ``DEFAULT_MODEL``.
        inputs (str | Path | Sequence): Images, folders of images, glob patterns,
            videos, numbers of cameras.
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
        runtime (str, optional): What runs an exported file: 'onnxruntime', 'openvino'
            or 'ncnn'. Defaults to ``None``, the usual one for such a file
        threads (int, optional): Threads of PyTorch or of the runtime. Defaults to
            ``None``, PyTorch's by
            :func:`~mmpose_light.utils.threads.set_torch_threads`, a runtime's own
            choice
        batch_size (int): People in one forward pass. Defaults to 8
        flip_test (bool): Average with the mirrored image where the model's config does
            so when it is tested: a little more accurate, in twice the time. Not with an
            exported file. Defaults to ``False``
        track (bool): Follow people through videos: their boxes come from the pose in
            the frame before, and they keep their numbers (``track_id``), see
            :class:`~mmpose_light.apis.tracking.PoseTracker`. Cameras are always run so.
            Defaults to ``False``
        detect_every (int): Frames from one search for people to the next, where they
            are followed. Defaults to 10
        smooth (bool): Smooth the keypoints over time, where people are followed.
            Defaults to ``False``
        kpt_thr (float, optional): Least score of a keypoint that is drawn, or that a
            person is followed by. Defaults to ``None``, what a trained model or an
            exported file tells, and 0.3 for any other
        radius (int, optional): Radius of the drawn keypoints in pixels. Defaults to
            ``None``, by the person's size
        thickness (int, optional): Thickness of the drawn links in pixels. Defaults to
            ``None``, by the person's size
        draw_scores (bool): Write the mean score of each person's drawn keypoints above
            the person. Defaults to ``False``
        show (bool): Show in a window what is drawn; ``q`` or Esc ends it. Defaults to
            ``False``
        save_images (bool): Write images and videos. Defaults to ``True``
        save_json (bool): Write json files. Defaults to ``True``
        progress (Callable, optional): Told how far the run is. Defaults to ``None``

    Returns:
        Inference: Names of the results, numbers of people, what could not be done.

    Raises:
        MissingFileError: If a config, a file of weights or an input does not exist.
        ImportError: If an exported file needs a package that is not installed.
        UserError: If an argument or a file is not what it should be; the message says
            what would do.
        KeyboardInterrupt: If it was interrupted; the message says what is done. Files
            are whole, those of a video end with the last frame that was done.

    Example:
        >>> from mmpose_light.apis import infer
        >>> done = infer(None, 'photos/')  # doctest: +SKIP
        >>> done.people, done.skipped  # doctest: +SKIP
        ({'photos/a.jpg': 1}, {'photos/b.jpg': 'image file is truncated'})
    """
    if batch_size < 1:
        raise UserError(f'batch_size is {batch_size}, expected 1 or more')
    if not (save_images or save_json or show):
        raise UserError('neither images nor json are to be written: want one')
    _check_people(boxes or ann_file, detector, detector_weights)
    refuse_weights(inputs)
    model = DEFAULT_MODEL if model is None else model
    open_model = _choose_model(model, weights, device, runtime, threads, flip_test)
    images, videos = find_inputs(inputs)
    track = _is_followed(images, videos, track or smooth)
    boxes = _read_boxes(boxes, ann_file, bbox_thr, category, boxes_for)
    done = Inference({}, boxes=boxes)
    find_boxes = _look_up(boxes, images, videos, done.skipped) if boxes else None
    with load_what_stays():
        pose_model = open_model()
    if kpt_thr is None:
        about = pose_model.metadata if is_exported(model) else find_model(model)
        kpt_thr = about.keypoint_threshold
    if detector is not None:
        from .torch_model import Detector

        options = detector_category, bbox_thr, nms_thr, choose_device(device)
        find_boxes = Detector(detector, detector_weights, *options)
    done.names, unfit = name_outputs(out_dir, [*images, *videos])
    done.skipped.update(unfit)
    run = Run(
        pose_model,
        partial(
            estimate_people,
            find_boxes=find_boxes or take_whole_image,
            batch_size=batch_size,
        ),
        dict(
            kpt_thr=kpt_thr,
            radius=radius,
            thickness=thickness,
            draw_scores=draw_scores,
        ),
        done,
        drawn_dir=Path(out_dir, DRAWN) if save_images else None,
        json_dir=Path(out_dir, PREDICTIONS) if save_json else None,
        progress=progress or (lambda what, done, total: None),
        show=show,
    )
    if track:
        search = _search_known(find_boxes, boxes) if boxes else find_boxes
        run.make_tracker = partial(PoseTracker, search, detect_every, kpt_thr, smooth)
        run.make_tracker()  # complains before anything is run
    run.all(images, videos)
    return run.done


def _is_followed(images: list[str], videos: list[str], wanted: bool) -> bool:
    """Return whether people are followed, and complain where that cannot be."""
    followed = wanted or any(map(is_camera, videos))
    if followed and (images or not videos):
        raise UserError(
            'people are followed through videos (track, smooth): run images apart'
        )
    return followed


def _search_known(find_boxes: Callable, boxes: GivenBoxes) -> Callable:
    """Make a search that knows nothing of frames without given boxes."""
    return lambda index, frame: (
        find_boxes(index, frame) if index in boxes.boxes else None
    )


def _read_boxes(
    boxes: GivenBoxes | str | Path | None,
    ann_file: str | Path | None,
    bbox_thr: float,
    category: Sequence[int | str] | int | str | None,
    boxes_for: str | None,
) -> GivenBoxes | None:
    """Read the boxes, if a file of them is given."""
    if (boxes or ann_file) and not isinstance(boxes, GivenBoxes):
        least = bbox_thr if boxes else 0
        return GivenBoxes.from_files(boxes, ann_file, least, category, boxes_for)
    if category is not None or boxes_for is not None:
        raise UserError('category and boxes_for go with a file of boxes: give one')
    return boxes


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
    flip_test: bool,
) -> Callable[[], PoseModel]:
    """Check the arguments about the model, and return what opens it."""
    if is_exported(model):
        if weights is not None:
            raise UserError(
                f'{model} is an exported file and holds its weights: leave --weights '
                f'{weights} out'
            )
        if flip_test:
            raise UserError(
                f'{model} is an exported file and knows no flip test: leave --flip-test '
                'out, or run the model that it was made of'
            )
        from ..deploy.runtime import ExportedModel

        return partial(ExportedModel, model, runtime, threads)
    found = find_model(model, weights)
    if found.weights is None:
        raise UserError(
            f'{model} has no weights here: give a file of them with --weights, or a '
            'model that has its own (`mmpose-light list-models --trained`)'
        )
    if runtime is not None:
        raise UserError(
            f'{model} runs in PyTorch: --runtime is for an exported file, which '
            '`mmpose-light export` writes'
        )
    check_threads(threads)

    def open_model() -> PoseModel:
        import_host()
        from .torch_model import open_network

        set_torch_threads(threads)
        return open_network(load_model(found.config, found.weights, device), flip_test)

    return open_model


def is_exported(model: str | Path) -> bool:
    """Return whether a model is named by an exported file, by its suffix."""
    return find_format(model) is not None


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
    frames = describe_video(videos[0]).frames
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
