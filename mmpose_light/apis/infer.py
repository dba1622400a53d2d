"""Poses in pictures and videos: ``mmpose-light infer`` and ``tools/infer.py``."""

import argparse
import glob
import mimetypes
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from mmengine.logging import MMLogger
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from .given_boxes import GivenBoxes
from .outputs import PICTURE_SUFFIXES, PICTURES, PREDICTIONS, name_outputs
from .trained_models import describe_trained_models, is_trained_model, with_weights

if TYPE_CHECKING:
    from .inferencer import TopdownInferencer

OUT_DIR = 'work_dirs/infer'

# Python 3.10 and 3.11 do not know these.
mimetypes.add_type('image/webp', '.webp')
mimetypes.add_type('video/x-matroska', '.mkv')


@dataclass
class Inference:
    """What a run did.

    Attributes:
        names (dict[str, str]): The name of each input's results, without suffix.
        people (dict[str, int]): The number of people found, by input; for a video,
            over all its frames.
        skipped (dict[str, str]): Inputs that could not be read, and why.
    """

    names: dict[str, str]
    people: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)


def infer(
    config: str | Path,
    checkpoint: str | Path | None,
    inputs: str | Path | Sequence[str | Path],
    out_dir: str | Path = OUT_DIR,
    *,
    boxes: GivenBoxes | None = None,
    detector: str | None = None,
    detector_weights: str | None = None,
    detector_category: str = 'person',
    bbox_thr: float = 0.3,
    nms_thr: float = 0.3,
    device: str = 'auto',
    backend: str | None = None,
    threads: int | None = None,
    batch_size: int = 8,
    kpt_thr: float = 0.3,
    radius: int = 3,
    thickness: int = 1,
    save_pictures: bool = True,
    save_json: bool = True,
) -> Inference:
    """Estimate the poses in pictures and videos, and write them to files.

    ``OUT_DIR/visualizations`` gets the pictures (or videos) with skeletons,
    ``OUT_DIR/predictions`` a json file for each in MMPose's own format,
    ``OUT_DIR/inputs.json`` tells which input each name stands for.

    Args:
        config (str | Path): Config file of a top-down model, its name in MMPose, the
            name of a trained model of this package (``'el-hrnet-w32-lspet-cpu'``), or a
            file that ``mmpose-light export-onnx`` wrote (``.onnx``).
        checkpoint (str | Path, optional): The weights that belong to it; ``None`` with
            a trained model or an exported file.
        inputs (str | Path | Sequence): Pictures, folders of pictures, glob patterns,
            videos.
        out_dir (str | Path): The output folder. Defaults to ``'work_dirs/infer'``
        boxes (GivenBoxes, optional): The people's boxes. For a video the number of the
            frame, from 0, is the image id. Defaults to ``None``
        detector (str, optional): Config file, or name or alias of a model of
            MMDetection, that finds the people. With neither boxes nor detector, the
            whole picture is taken as one person's box. Defaults to ``None``
        detector_weights (str, optional): Weights of the detector; a config file needs
            them. Defaults to ``None``, those that MMDetection publishes for the name
        detector_category (str): The detector's name for people. Defaults to
            ``'person'``
        bbox_thr (float): Least score of a detected box. Defaults to 0.3
        nms_thr (float): IoU above which the lower of two detected boxes is dropped.
            Defaults to 0.3
        device (str): 'cpu', 'cuda', 'cuda:1' …, or 'auto': a GPU where there is one.
            With an exported file, which runs on the CPU, it is the detector's alone.
            Defaults to ``'auto'``
        backend (str, optional): What runs an exported file: 'onnxruntime' or
            'openvino'. Defaults to ``None``, ONNX Runtime
        threads (int, optional): Threads of the backend. Defaults to ``None``, what it
            takes for the best
        batch_size (int): People in one forward pass. Defaults to 8
        kpt_thr (float): Least score of a keypoint that is drawn. Defaults to 0.3
        radius (int): Radius of the drawn keypoints in pixels. Defaults to 3
        thickness (int): Thickness of the drawn links in pixels. Defaults to 1
        save_pictures (bool): Write pictures and videos. Defaults to ``True``
        save_json (bool): Write json files. Defaults to ``True``

    Returns:
        Inference: Names of the results, numbers of people, unreadable inputs.

    Raises:
        FileNotFoundError: If a config, checkpoint or input does not exist.
        ImportError: If an exported file needs a package that is not installed.
        ValueError: If an argument or a file is not what it should be; the message says
            what would do.

    Example:
        >>> from mmpose_light.apis.infer import infer
        >>> done = infer('config.py', 'best.pth', 'photos/')  # doctest: +SKIP
        >>> done.people, done.skipped  # doctest: +SKIP
        ({'photos/a.jpg': 1}, {'photos/b.jpg': 'image file is truncated'})
    """
    config, checkpoint = with_weights(config, checkpoint)
    _check_arguments(
        config=config,
        checkpoint=checkpoint,
        backend=backend,
        threads=threads,
        boxes=boxes,
        detector=detector,
        detector_weights=detector_weights,
        batch_size=batch_size,
        save_pictures=save_pictures,
        save_json=save_json,
    )
    device = choose_device(device)
    images, videos = find_inputs(inputs)
    given = _match_boxes(boxes, images, videos)

    # Takes seconds, and is not needed to find that an argument is wrong.
    from .inferencer import ExportedInferencer, TopdownInferencer

    people = (detector, detector_weights, detector_category)
    if is_exported(config):
        from ..deploy import ExportedModel

        model = ExportedModel(config, backend or 'onnxruntime', threads)
        inferencer = ExportedInferencer(model, device, *people)
    else:
        inferencer = TopdownInferencer(str(config), str(checkpoint), device, *people)
    names = name_outputs(out_dir, [*images, *videos])
    done = Inference(names)
    options = dict(
        batch_size=batch_size,
        bboxes=given,
        bbox_thr=bbox_thr,
        nms_thr=nms_thr,
        kpt_thr=kpt_thr,
        radius=radius,
        thickness=thickness,
        vis_out_dir=str(Path(out_dir, PICTURES)) if save_pictures else '',
        pred_out_dir=str(Path(out_dir, PREDICTIONS)) if save_json else '',
    )
    with Progress(
        '{task.description}',
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    ) as progress:
        if images:
            _run_images(inferencer, images, options, done, progress)
        for video in videos:
            _run_video(inferencer, video, options, done, progress)
    return done


def _check_arguments(
    *,
    config: str | Path,
    checkpoint: str | Path | None,
    backend: str | None,
    threads: int | None,
    boxes: GivenBoxes | None,
    detector: str | None,
    detector_weights: str | None,
    batch_size: int,
    save_pictures: bool,
    save_json: bool,
) -> None:
    """Complain about arguments that do not go together."""
    for path in (str(config), detector):
        if path is not None and path.endswith('.py') and not Path(path).is_file():
            raise FileNotFoundError(f'config {path} does not exist')
    if is_exported(config) and checkpoint is not None:
        raise ValueError(
            f'{config} is an exported file and holds its weights: leave checkpoint '
            f'{checkpoint} out'
        )
    if not is_exported(config):
        if checkpoint is None:
            raise ValueError(
                f'config {config} without checkpoint: give its weights, or '
                f'{describe_trained_models()} in its place'
            )
        if backend is not None or threads is not None:
            raise ValueError(
                f'config {config} runs in PyTorch: backend and threads are for an '
                'exported file, which `mmpose-light export-onnx` writes'
            )
    if boxes is not None and detector is not None:
        raise ValueError('boxes are given, so there is nothing to detect: give one')
    if detector_weights is not None and detector is None:
        raise ValueError('detector_weights without detector: give its config too')
    if detector is not None and Path(detector).is_file() and detector_weights is None:
        raise ValueError(
            f'detector {detector} is a config file, and has random weights without '
            'detector_weights: give its checkpoint'
        )
    if batch_size < 1:
        raise ValueError(f'batch_size is {batch_size}, expected 1 or more')
    if not (save_pictures or save_json):
        raise ValueError('neither pictures nor json are to be written: want one')


def is_exported(model: str | Path) -> bool:
    """Return whether a model is named by an exported file, by its suffix.

    Args:
        model (str | Path): A config or an exported file.

    Returns:
        bool: Whether it ends in ``.onnx``.
    """
    return Path(model).suffix.lower() == '.onnx'


def choose_device(device: str) -> str | None:
    """Check the name of a device.

    Args:
        device (str): 'auto' or a device of PyTorch.

    Returns:
        str | None: The device; None, which MMEngine takes for the best there is, for
        'auto'.

    Raises:
        ValueError: If there is no such device here.
    """
    if device == 'auto':
        return None
    try:
        wanted = torch.device(device)
    except RuntimeError as error:
        raise ValueError(
            f"device {device!r} is unknown: 'auto', 'cpu', 'cuda' or 'cuda:0' would do"
        ) from error
    if wanted.type == 'cuda' and (wanted.index or 0) >= torch.cuda.device_count():
        raise ValueError(
            f'device {device!r} is not here: PyTorch {torch.__version__} sees '
            f"{torch.cuda.device_count()} GPUs. 'cpu' or 'auto' would do"
        )
    return device


def find_inputs(
    inputs: str | Path | Sequence[str | Path],
) -> tuple[list[str], list[str]]:
    """Find the pictures and videos that the inputs stand for.

    Args:
        inputs (str | Path | Sequence): Files, folders (their pictures are taken, not
            those of the folders inside), glob patterns.

    Returns:
        tuple[list[str], list[str]]: Pictures and videos, each once.

    Raises:
        FileNotFoundError: If nothing is found.
        ValueError: If a file is neither picture nor video, or a folder holds no
            picture.
    """
    if isinstance(inputs, str | Path):
        inputs = [inputs]
    files: dict[str, str] = {}
    for item in map(str, inputs):
        path = Path(item)
        if path.is_dir():
            found = [str(p) for p in sorted(path.iterdir()) if _kind(p) == 'image']
            if not found:
                raise ValueError(f'folder {item} holds no pictures')
        elif path.is_file():
            found = [item]
        else:
            found = sorted(p for p in glob.glob(item, recursive=True) if _kind(p))
            if not found:
                raise FileNotFoundError(f'input {item} does not exist')
        for file in found:
            if _kind(file) is None:
                raise ValueError(
                    f'input {file} is neither a picture nor a video, by its suffix'
                )
            files.setdefault(os.path.realpath(file), file)
    if not files:
        raise ValueError('no inputs: give a picture, a folder, a pattern or a video')
    images = [file for file in files.values() if _kind(file) == 'image']
    return images, [file for file in files.values() if _kind(file) == 'video']


def _kind(path: str | Path) -> str | None:
    """Return 'image', 'video', or None for anything else, by the suffix."""
    if Path(path).is_dir():
        return None
    kind = (mimetypes.guess_type(str(path))[0] or '').split('/')[0]
    return kind if kind in ('image', 'video') else None


def _match_boxes(
    boxes: GivenBoxes | None, images: list[str], videos: list[str]
) -> Mapping[int, np.ndarray] | None:
    """Return the given boxes by position of the picture or number of the frame."""
    if boxes is None:
        return None
    if not videos:
        return boxes.of_images(images)
    if images or len(videos) > 1:
        raise ValueError(
            'given boxes of a video are told by the number of the frame: '
            'run that video alone'
        )
    frames = count_frames(videos[0])
    if not any(number in boxes.boxes for number in range(frames)):
        raise ValueError(
            f'none of the {frames} frames of {videos[0]} has a given box: the image '
            f'ids should be frame numbers from 0, they are {list(boxes.boxes)[:4]}'
        )
    return boxes.boxes


def count_frames(video: str) -> int:
    """Count the frames of a video, as its header tells.

    Args:
        video (str): The video file.

    Returns:
        int: The number of frames; 0 where not even the first can be read.
    """
    capture = cv2.VideoCapture(video)
    try:
        readable = capture.isOpened() and capture.read()[0]
        return max(1, int(capture.get(cv2.CAP_PROP_FRAME_COUNT))) if readable else 0
    finally:
        capture.release()


def _run_images(
    inferencer: 'TopdownInferencer',
    images: list[str],
    options: dict,
    done: Inference,
    progress: Progress,
) -> None:
    """Run all pictures and note what came of each."""
    task = progress.add_task('pictures', total=len(images))
    names = [_picture_name(path, done.names[path]) for path in images]
    counts = []
    for result in inferencer(images, names=names, **options):
        counts += [len(people) for people in result['predictions']]
        progress.update(task, completed=len(counts) + len(inferencer.skipped))
    progress.update(task, completed=len(images))
    done.skipped.update(inferencer.skipped)
    read = [path for path in images if path not in inferencer.skipped]
    done.people.update(zip(read, counts, strict=True))


def _picture_name(path: str, name: str) -> str:
    """Return the file name of a picture's result, with its own suffix if it can be."""
    suffix = Path(path).suffix.lower()
    return name + (suffix if suffix in PICTURE_SUFFIXES else '.jpg')


def _run_video(
    inferencer: 'TopdownInferencer',
    video: str,
    options: dict,
    done: Inference,
    progress: Progress,
) -> None:
    """Run a video and note what came of it."""
    frames = count_frames(video)
    if not frames:
        done.skipped[video] = 'not a single frame can be read'
        return
    task = progress.add_task(Path(video).name, total=frames)
    counts = []
    name = f'{done.names[video]}.mp4'
    for result in inferencer(video, names=[name], **options):
        counts += [len(people) for people in result['predictions']]
        progress.update(task, completed=len(counts))
    done.people[video] = sum(counts)
    if len(counts) < frames - 1:  # the header may be off by one
        done.skipped[video] = f'only {len(counts)} of {frames} frames can be read'
    if options['vis_out_dir'] and not Path(options['vis_out_dir'], name).is_file():
        done.skipped[video] = f'this OpenCV ({cv2.__version__}) cannot write mp4 videos'


# The command line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command line.

    Args:
        parser (argparse.ArgumentParser): The parser of the command.
    """
    parser.description = (
        'Estimate poses in pictures and videos. Writes OUT_DIR/visualizations/ '
        "(skeletons drawn), OUT_DIR/predictions/ (json in MMPose's format) and "
        'OUT_DIR/inputs.json (which result belongs to which input).'
    )
    parser.usage = (
        '%(prog)s [options] (CONFIG CHECKPOINT | NAME | FILE.onnx) INPUT [INPUT ...]'
    )
    parser.add_argument(
        'config',
        help='config file of a top-down model; or, without a checkpoint, '
        f'{describe_trained_models()} or a file of `mmpose-light export-onnx`',
    )
    # without a checkpoint, the first input stands in its place
    parser.add_argument('checkpoint', help='its weights').required = False
    parser.add_argument(
        'inputs', nargs='+', help='pictures, folders of pictures, patterns, videos'
    ).required = False
    parser.add_argument(
        '--out-dir', default=OUT_DIR, help='output folder (default: %(default)s)'
    )

    people = parser.add_argument_group(
        'where the people are', 'By default the whole picture is one person.'
    )
    people.add_argument(
        '--boxes',
        help='json file of boxes in the format of COCO detection results. image_id: '
        "the number at the end of the picture's name, or what --ann-file tells; for a "
        'video the number of the frame, from 0',
    )
    people.add_argument(
        '--ann-file',
        help='COCO annotations: their boxes, or with --boxes just their image ids',
    )
    people.add_argument(
        '--detector', help='config file, or model name or alias, of MMDetection'
    )
    people.add_argument(
        '--detector-weights',
        help='its weights (default: what MMDetection publishes for that name)',
    )
    people.add_argument(
        '--detector-category',
        default='person',
        help="the detector's name for people (default: %(default)s)",
    )
    people.add_argument(
        '--bbox-thr',
        type=float,
        default=0.3,
        help='least score of a box from --detector or --boxes (default: %(default)s)',
    )
    people.add_argument(
        '--nms-thr',
        type=float,
        default=0.3,
        help='IoU above which the lower of two detected boxes is dropped '
        '(default: %(default)s)',
    )

    running = parser.add_argument_group('running')
    running.add_argument(
        '--device',
        default='auto',
        help='cpu, cuda, cuda:1 … (default: a GPU where there is one); an exported file '
        'runs on the CPU',
    )
    running.add_argument(
        '--backend',
        choices=('onnxruntime', 'openvino'),
        help='what runs an exported file (default: onnxruntime)',
    )
    running.add_argument(
        '--threads', type=int, help="the backend's threads (default: its own choice)"
    )
    running.add_argument(
        '--batch-size',
        type=int,
        default=8,
        help='people in one forward pass (default: %(default)s)',
    )

    output = parser.add_argument_group('output')
    output.add_argument(
        '--kpt-thr',
        type=float,
        default=0.3,
        help='least score of a keypoint that is drawn (default: %(default)s)',
    )
    output.add_argument(
        '--radius',
        type=int,
        default=3,
        help='radius of the keypoints in pixels (default: %(default)s)',
    )
    output.add_argument(
        '--thickness',
        type=int,
        default=1,
        help='thickness of the links in pixels (default: %(default)s)',
    )
    output.add_argument('--no-pictures', action='store_true', help='write json only')
    output.add_argument('--no-json', action='store_true', help='write pictures only')


def main(args: argparse.Namespace) -> int:
    """Run the command line.

    Args:
        args (argparse.Namespace): What :func:`add_arguments` defines.

    Returns:
        int: 0; 1 where an input could not be read, the others being done; 2 where
        nothing was done because of an error.
    """
    MMLogger.get_current_instance().setLevel('ERROR')  # a line for every picture
    checkpoint, inputs = args.checkpoint, args.inputs or []
    alone = is_exported(args.config) or is_trained_model(args.config)
    suffix = Path(checkpoint or '').suffix.lower()
    if suffix in PICTURE_SUFFIXES or (alone and suffix != '.pth'):
        checkpoint, inputs = None, [item for item in (checkpoint, *inputs) if item]
    try:
        if checkpoint and not inputs and not alone and suffix != '.pth':
            raise ValueError(
                f'{args.config} {checkpoint} without an input: only '
                f'{describe_trained_models()} or an exported file goes without a '
                'checkpoint'
            )
        boxes = None
        if args.boxes or args.ann_file:
            score_thr = args.bbox_thr if args.boxes else 0
            boxes = GivenBoxes.from_files(args.boxes, args.ann_file, score_thr)
        done = infer(
            args.config,
            checkpoint,
            inputs,
            args.out_dir,
            boxes=boxes,
            detector=args.detector,
            detector_weights=args.detector_weights,
            detector_category=args.detector_category,
            bbox_thr=args.bbox_thr,
            nms_thr=args.nms_thr,
            device=args.device,
            backend=args.backend,
            threads=args.threads,
            batch_size=args.batch_size,
            kpt_thr=args.kpt_thr,
            radius=args.radius,
            thickness=args.thickness,
            save_pictures=not args.no_pictures,
            save_json=not args.no_json,
        )
    except (ValueError, OSError, ImportError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    print(
        f'{sum(done.people.values())} people in {len(done.people)} of '
        f'{len(done.names)} inputs; results in {args.out_dir}'
    )
    for path, name in done.names.items():
        if name != Path(path).stem:
            print(f'{path} is called {name} there')
    for path, reason in done.skipped.items():
        print(f'error: {path}: {reason}', file=sys.stderr)
    return 1 if done.skipped else 0
