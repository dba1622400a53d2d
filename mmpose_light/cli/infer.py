"""``mmpose-light infer``: poses in images and videos."""

import argparse
import sys
import warnings
from pathlib import Path
from typing import Any

from ..deploy.runtimes import RUNTIMES
from ..utils.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command line.

    Args:
        parser (argparse.ArgumentParser): The parser of the command.
    """
    parser.description = (
        'Estimate poses in images and videos. Writes OUT_DIR/visualizations/ '
        "(skeletons drawn), OUT_DIR/predictions/ (json in MMPose's format) and "
        'OUT_DIR/inputs.json (which result belongs to which input).'
    )
    parser.add_argument(
        'model',
        nargs='?',
        help='name of a model (`mmpose-light list-models`), config file, mmpose::…, or '
        'a file of `mmpose-light export` (default: the best trained model that comes '
        'along, good for people who fill an image)',
    )
    parser.add_argument(
        'inputs',
        nargs='+',
        metavar='input',
        help='images, folders of images, patterns, videos; a number for a camera',
    )
    parser.add_argument(
        '--weights',
        metavar='FILE',
        help="the model's weights; a trained model and an exported file have their own",
    )
    parser.add_argument('--out-dir', help='output folder (default: work_dirs/infer)')
    # options may stand between model and inputs; the usual way then has no model
    parser.parse_args = parser.parse_intermixed_args
    _add_people(
        parser.add_argument_group(
            'where the people are', 'By default each image is taken as one person.'
        )
    )
    _add_following(
        parser.add_argument_group(
            'following people through videos', 'A camera is always run so.'
        )
    )
    _add_running(parser.add_argument_group('running'))
    _add_output(parser.add_argument_group('output'))


def _add_people(group: argparse._ArgumentGroup) -> None:
    """Add what tells where the people are."""
    group.add_argument(
        '--boxes',
        metavar='FILE',
        help='json file of boxes in the format of COCO detection results. image_id: '
        "the number at the end of the image's name, or what --ann-file tells; for a "
        'video the number of the frame, from 0',
    )
    group.add_argument(
        '--ann-file',
        metavar='FILE',
        help='COCO annotations: their boxes, or with --boxes just their image ids',
    )
    group.add_argument(
        '--category',
        nargs='+',
        action='extend',
        metavar='NAME_OR_ID',
        help='which boxes of --boxes and --ann-file are taken (default: those of people, '
        'by the names of the categories)',
    )
    group.add_argument(
        '--boxes-for',
        metavar='SIZE',
        help='size of the images for which the boxes are, which are scaled: '
        'WIDTHxHEIGHT, 1x1 for boxes in 0..1, "annotated" for what --ann-file tells of '
        'each image, "file" to take them as they are (default: refuse boxes that cannot '
        'belong to an image)',
    )
    group.add_argument(
        '--detector', help='config file, or model name or alias, of MMDetection'
    )
    group.add_argument(
        '--detector-weights',
        metavar='FILE',
        help='its weights (default: what MMDetection publishes for that name)',
    )
    group.add_argument(
        '--detector-category',
        metavar='NAME',
        help="the detector's name for people (default: person)",
    )
    group.add_argument(
        '--bbox-thr',
        type=float,
        metavar='SCORE',
        help='least score of a box from --detector or --boxes (default: 0.3)',
    )
    group.add_argument(
        '--nms-thr',
        type=float,
        metavar='IOU',
        help='overlap above which the lower of two detected boxes is dropped '
        '(default: 0.3)',
    )


def _add_following(group: argparse._ArgumentGroup) -> None:
    """Add what tells how people are followed."""
    group.add_argument(
        '--track',
        action='store_const',
        const=True,
        help='take the boxes from the poses in the frame before, and number the people',
    )
    group.add_argument(
        '--detect-every',
        type=int,
        metavar='FRAMES',
        help='frames from one search for people to the next (default: 10)',
    )
    group.add_argument(
        '--smooth',
        action='store_const',
        const=True,
        help='smooth the keypoints over time',
    )


def _add_running(group: argparse._ArgumentGroup) -> None:
    """Add what tells how the model runs."""
    group.add_argument(
        '--device',
        help='cpu, cuda, cuda:1 … (default: a GPU where there is one); an exported file '
        'runs on the CPU',
    )
    group.add_argument(
        '--runtime',
        choices=tuple(RUNTIMES),
        help='what runs an exported file (default: onnxruntime for .onnx, openvino for '
        '.xml, ncnn for .param)',
    )
    group.add_argument(
        '--threads',
        type=int,
        help="threads (default: the runtime's own choice; of PyTorch, no more than cores are "
        'free)',
    )
    group.add_argument(
        '--batch-size', type=int, help='people in one forward pass (default: 8)'
    )
    group.add_argument(
        '--flip-test',
        action='store_const',
        const=True,
        help="average with the mirrored image, as the model's config tests it: a little "
        'more accurate, in twice the time (not with an exported file)',
    )


def _add_output(group: argparse._ArgumentGroup) -> None:
    """Add what tells what is written."""
    group.add_argument(
        '--kpt-thr',
        type=float,
        metavar='SCORE',
        help='least score of a keypoint that is drawn (default: what a trained '
        'model or an exported file tells, else 0.3)',
    )
    group.add_argument(
        '--radius',
        type=int,
        help="radius of the keypoints in pixels (default: by the person's size)",
    )
    group.add_argument(
        '--thickness',
        type=int,
        help="thickness of the links in pixels (default: by the person's size)",
    )
    group.add_argument(
        '--draw-scores',
        action='store_const',
        const=True,
        help="write the mean score of each person's keypoints above the person",
    )
    group.add_argument(
        '--show',
        action='store_const',
        const=True,
        help='show what is drawn in a window; q or Esc ends it',
    )
    group.add_argument(
        '--no-images',
        dest='save_images',
        action='store_const',
        const=False,
        help='write json only',
    )
    group.add_argument(
        '--no-json',
        dest='save_json',
        action='store_const',
        const=False,
        help='write images only',
    )


def main(inputs: list[str], model: str | None = None, **options: Any) -> int:
    """Run the command.

    Args:
        inputs (list[str]): The inputs.
        model (str, optional): The model, or the first input where none is named.
            Defaults to ``None``
        **options: What :func:`add_arguments` defines, which are the parameters of
            :func:`mmpose_light.apis.infer.infer`.

    Returns:
        int: 0; 1 where an input came to nothing, or not to all that it should, the
        others being done.
    """
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from ..apis.infer import OUT_DIR, infer
    from ..apis.models import DEFAULT_MODEL
    from ..utils.host_warnings import ignore_host_warnings, log_errors_alone
    from ..utils.late_imports import TRAINING_ALONE, import_on_use

    model, inputs = _tell_model_from_inputs(model, inputs)
    what = TextColumn('{task.description}', markup=False)  # it may be a file's name
    columns = what, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with warnings.catch_warnings(), Progress(*columns) as bars:
        ignore_host_warnings()
        log_errors_alone()
        tasks = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total or None)
            bars.update(tasks[what], completed=done)

        with import_on_use(*TRAINING_ALONE, derive=False):
            done = infer(model, inputs, **options, progress=show)
    print(
        f'{sum(done.people.values())} people in {len(done.people)} of '
        f'{len(done.names.keys() | done.skipped.keys())} inputs; results in {options.get("out_dir", OUT_DIR)}'
    )
    if model is None:
        print(
            f'Model: {DEFAULT_MODEL}, as none was named (`mmpose-light list-models '
            '--trained` tells how good it is)'
        )
    for path, name in done.names.items():
        if name != Path(path).stem:
            print(f'{path} is called {name} there')
    if not options.keys() & {'boxes', 'ann_file', 'detector'}:
        print(
            'Each image was taken as one person: --boxes, --ann-file or --detector tell '
            'where people are.'
        )
    if done.boxes and done.boxes.describe():
        print(done.boxes.describe())
    for path, reason in done.skipped.items():
        print(f'error: {path}: {reason}', file=sys.stderr)
    return 1 if done.skipped else 0


def _tell_model_from_inputs(
    model: str | None, inputs: list[str]
) -> tuple[str | None, list[str]]:
    """Return the model, ``None`` where the first word is an input, and all inputs."""
    from ..apis.inputs import stands_for_inputs
    from ..apis.models import find_model, is_model

    if model is None and is_model(inputs[0]):
        raise UserError(
            f'{inputs[0]} is a model, and no input is left: name the inputs after it, '
            'and before options that take several words, such as --category'
        )
    if (
        model is None
        and not Path(inputs[0]).suffix
        and not stands_for_inputs(inputs[0])
    ):
        find_model(inputs[0])  # which names those that were perhaps meant
    if model is None or is_model(model) or not stands_for_inputs(model):
        return model, inputs
    return None, [model, *inputs]
