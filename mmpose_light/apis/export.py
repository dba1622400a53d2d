"""A trained model to one checked ONNX file: ``mmpose-light export-onnx``."""

import argparse
import os
import sys
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dataset import Compose
from mmpose.datasets.transforms import GetBBoxCenterScale, TopdownAffine
from mmpose.models.pose_estimators import TopdownPoseEstimator
from rich.console import Console
from rich.table import Table
from torch import nn

from ..deploy import export_model, quantize
from ..deploy.export import OPSETS, check_form, save_graph
from ..deploy.forms import (
    CHANNELS,
    OUTPUTS,
    SPLIT_RATIO,
    build_export_form,
    network_output,
    normalization,
)
from ..deploy.metadata import Metadata, describe_dataset
from ..deploy.quantize import OPERATORS
from ..deploy.runtime import make_input, read_graph, run_batches
from ..deploy.sessions import open_session
from ..deploy.verify import TOLERANCES, Difference, compare, measure_latency, run_torch
from .models import load_model
from .person_crops import crop_people, crop_synthetic_people
from .trained_models import describe_trained_models, find_model

#: What a test pipeline may consist of: all that an exported file's metadata can tell.
TRANSFORMS = ('LoadImage', 'GetBBoxCenterScale', 'TopdownAffine', 'PackPoseInputs')
CHECKED_PEOPLE = 4
CALIBRATION_PEOPLE = 128


@dataclass(frozen=True)
class Export:
    """What came of an export.

    Attributes:
        file (Path): The file.
        metadata (Metadata): What the file says about itself.
        differences (list[Difference]): How far each output lies from PyTorch's.
        people (int): Over how many people.
        latency (float): Time of one run in ONNX Runtime in milliseconds, median.
        batch (int): With so many people.
    """

    file: Path
    metadata: Metadata
    differences: list[Difference]
    people: int
    latency: float
    batch: int


def export_onnx(
    config: str | Path,
    checkpoint: str | Path | None,
    out: str | Path,
    *,
    output: str | None = None,
    channels: str = 'rgb',
    batch: int | None = None,
    preprocess: bool = False,
    precision: str = 'fp32',
    simplify: bool = True,
    opset: int = 17,
    images: str | Path | Sequence[str | Path] | None = None,
    calibration_images: str | Path | Sequence[str | Path] | None = None,
    calibration_ann_file: str | Path | None = None,
    calibration_people: int = CALIBRATION_PEOPLE,
    int8_runtime: str = 'openvino',
    float_ends: bool = True,
    float_nodes: Sequence[str] = (),
    tolerance: float | None = None,
    threads: int | None = None,
) -> Export:
    """Export a model, check the file against PyTorch, and tell how to run it.

    The file gets its name only when it has passed the check, in ONNX Runtime on real
    inputs. It carries :class:`~mmpose_light.deploy.metadata.Metadata`, so
    :class:`~mmpose_light.deploy.ExportedModel` and ``mmpose-light infer`` run it
    without the config and the checkpoint.

    Args:
        config (str | Path): Config file of a top-down model, or the name of a trained
            model of this package.
        checkpoint (str | Path, optional): The weights that belong to it; ``None`` for
            random ones, with a warning. With a name, ``None``.
        out (str | Path): The file to write; one that is there is replaced.
        output (str, optional): 'heatmap' or 'simcc', the vectors that RTMPose gives and
            rtmlib takes (:func:`~mmpose_light.deploy.export_model`). Defaults to
            ``None``, what the model's head gives
        channels (str): The order of the input's channels: 'rgb', or 'bgr' for what
            rtmlib hands over. Defaults to ``'rgb'``
        batch (int, optional): Number of people in the input. Defaults to ``None``, any
            number
        preprocess (bool): Whether the input is raw pixels, uint8, (N, H, W, 3), which
            the graph normalizes. Defaults to ``False``
        precision (str): 'fp32', 'fp16' or 'int8'. Defaults to ``'fp32'``
        simplify (bool): Whether onnxslim tidies up the graph. Defaults to ``True``
        opset (int): Version of ONNX's operators, 13 to 17. Defaults to 17
        images (str | Path | Sequence, optional): Pictures of one person each to check
            the file on. Defaults to ``None``, the first of those for calibration, or
            drawn people
        calibration_images (str | Path | Sequence, optional): Pictures of people as the
            model will meet them, for 'int8'. Defaults to ``None``
        calibration_ann_file (str | Path, optional): COCO annotations with the boxes of
            the people on them. Defaults to ``None``, each is one person
        calibration_people (int): The most people to calibrate on. Defaults to 128
        int8_runtime (str): The runtime that 'int8' is to be fast in, 'openvino' or
            'onnxruntime'. Defaults to ``'openvino'``
        float_ends (bool): Whether 'int8' leaves the first and the last convolution in
            float32. Defaults to ``True``
        float_nodes (Sequence[str]): Patterns of the names of further nodes that 'int8'
            leaves in float32. Defaults to ``()``
        tolerance (float, optional): Largest difference from PyTorch, relative to the
            range of the outputs. Defaults to ``None``, that of
            :data:`~mmpose_light.deploy.verify.TOLERANCES`
        threads (int, optional): Threads of ONNX Runtime in the check. Defaults to
            ``None``, what it takes for the best

    Returns:
        Export: The file and what the check found.

    Raises:
        FileNotFoundError: If a file does not exist.
        ImportError: If a package of ``pip install mmpose-light[deploy]`` is missing.
        ValueError: If an argument or a file is not what it should be, the model cannot
            be exported so, or the file gives something else than PyTorch; the message
            says what would do.

    Example:
        >>> from mmpose_light.apis.export import export_onnx
        >>> export_onnx('config.py', 'best.pth', 'a.onnx').latency  # doctest: +SKIP
        21.4
    """
    out = Path(out)
    check_form(output=output or 'heatmap', channels=channels, batch=batch, opset=opset)
    if precision not in TOLERANCES:
        raise ValueError(
            f'precision {precision!r} is unknown: {tuple(TOLERANCES)} would do'
        )
    if out.suffix != '.onnx' or out.is_dir():
        raise ValueError(f'out {out} is to be a file whose name ends in .onnx')
    if (precision == 'int8') != (calibration_images is not None):
        raise ValueError(
            "precision 'int8' needs calibration_images, pictures of people as the "
            f'model will meet them, and only it takes them: precision is {precision!r}, '
            f'calibration_images is {calibration_images!r}'
        )
    if calibration_ann_file is not None and calibration_images is None:
        raise ValueError(
            'calibration_ann_file without calibration_images: give the folder of its '
            'pictures too'
        )

    config, checkpoint = find_model(config, checkpoint)
    model = load_model(config, checkpoint, 'cpu')
    metadata = describe_model(
        model,
        name=Path(config).stem,
        output=output,
        channels=channels,
        preprocess=preprocess,
        precision=precision,
    )
    calibration = None
    if calibration_images is not None:
        calibration = crop_people(
            model.cfg, calibration_images, calibration_ann_file, calibration_people
        )
    if images is not None:
        crops = crop_people(model.cfg, images, count=CHECKED_PEOPLE)
    elif calibration is not None:
        crops = calibration[:CHECKED_PEOPLE]
    else:
        crops = crop_synthetic_people(model.cfg)
    form = dict(
        input_size=metadata.input_size,
        output=metadata.output,
        channels=channels,
        preprocess=preprocess,
    )
    inputs = make_input(crops, metadata)
    expected = run_torch(build_export_form(model, **form), inputs)

    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f'.{out.name}.', dir=out.parent) as folder:
        part = export_model(
            model,
            Path(folder, out.name),
            batch=batch,
            precision='fp16' if precision == 'fp16' else 'fp32',
            simplify=simplify,
            opset=opset,
            **form,
        )
        graph = read_graph(part)
        if calibration is not None:
            graph = quantize(
                graph,
                make_input(calibration, metadata),
                runtime=int8_runtime,
                float_ends=float_ends,
                float_nodes=float_nodes,
            )
        metadata.write(graph)
        save_graph(graph, part)

        session = open_session(part, threads=threads)
        found = run_batches(session, inputs, batch)
        differences = compare(OUTPUTS[metadata.output], found, expected)
        check_differences(differences, precision, tolerance)
        several = np.repeat(inputs[:1], batch or 1, axis=0)
        latency = measure_latency(session, several)
        os.replace(part, out)
    return Export(out, metadata, differences, len(crops), latency, batch or 1)


def describe_model(
    model: nn.Module,
    *,
    name: str,
    output: str | None = None,
    channels: str = 'rgb',
    preprocess: bool = False,
    precision: str = 'fp32',
) -> Metadata:
    """Gather what an exported file is to say about itself.

    Args:
        model (nn.Module): What MMPose's ``init_model`` returned.
        name (str): The name of its config.
        output (str, optional): 'heatmap', 'simcc', or ``None`` for what its head gives.
            Defaults to ``None``
        channels (str): The order of the file's input channels. Defaults to ``'rgb'``
        preprocess (bool): Whether the file takes raw pixels. Defaults to ``False``
        precision (str): 'fp32', 'fp16' or 'int8'. Defaults to ``'fp32'``

    Returns:
        Metadata: The description.

    Raises:
        ValueError: If the model is not top-down, its head does not give the output, or
            its test pipeline or its keypoints are such as no metadata can tell.
    """
    if not isinstance(model, TopdownPoseEstimator):
        raise ValueError(
            f'the model is a {type(model).__name__}, expected a TopdownPoseEstimator'
        )
    boxing, affine = _find_transforms(model.cfg)
    input_size = tuple(map(int, affine.input_size))
    given = network_output(model, input_size)
    native = 'heatmap' if len(given) == 1 else 'simcc'
    output = output or native
    if (native, output) == ('simcc', 'heatmap'):
        raise ValueError(
            f'the head {type(model.head).__name__} gives SimCC vectors and no heatmaps: '
            "export with output='simcc'"
        )
    dataset = describe_dataset(model.dataset_meta)
    if given[0].shape[1] != len(dataset['keypoint_names']):
        raise ValueError(
            f'the head gives {given[0].shape[1]} keypoints, and the data set '
            f'{dataset["dataset"]} has {len(dataset["keypoint_names"])}'
        )
    codec = model.cfg.model.head.decoder.to_dict()
    if output != native:
        codec = dict(
            type='SimCCLabel',
            input_size=list(input_size),
            simcc_split_ratio=SPLIT_RATIO,
        )
    mean, std = normalization(model)
    return Metadata(
        model=name,
        input_size=input_size,
        channels=channels,
        preprocess=preprocess,
        mean=mean,
        std=std,
        output=output,
        codec=codec,
        box_padding=float(boxing.padding),
        use_udp=bool(affine.use_udp),
        precision=precision,
        **dataset,
    )


def check_differences(
    differences: Sequence[Difference], precision: str, tolerance: float | None = None
) -> None:
    """Complain about a file that gives something else than PyTorch.

    Args:
        differences (Sequence[Difference]): What :func:`compare` found.
        precision (str): The precision of the file.
        tolerance (float, optional): The largest relative difference. Defaults to
            ``None``, that of the precision

    Raises:
        ValueError: If a difference is larger.
    """
    limit = TOLERANCES[precision] if tolerance is None else tolerance
    worst = max(differences, key=lambda difference: difference.relative)
    if worst.relative > limit:
        raise ValueError(
            f'the exported file gives something else than PyTorch: output {worst.name} '
            f'differs by {worst.largest:.3g}, {worst.relative:.2%} of its range, where '
            f'{limit:.2%} is allowed for {precision}; no file was written. Where that '
            'is known and wanted, allow more with tolerance (`--tolerance`)'
        )


def _find_transforms(config: Any) -> tuple[GetBBoxCenterScale, TopdownAffine]:
    """Return the transforms that cut people out when a model is tested."""
    found = {
        type(transform).__name__: transform
        for transform in Compose(config.test_dataloader.dataset.pipeline).transforms
    }
    if set(found) != set(TRANSFORMS):
        raise ValueError(
            f'the test pipeline consists of {list(found)}, and an exported file can '
            f'only tell about {list(TRANSFORMS)}'
        )
    return found['GetBBoxCenterScale'], found['TopdownAffine']


# The command line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command line.

    Args:
        parser (argparse.ArgumentParser): The parser of the command.
    """
    parser.description = (
        'Export a top-down model to an ONNX file that ONNX Runtime, OpenVINO and, with '
        '`--output simcc --channels bgr`, rtmlib run. The file is checked against '
        'PyTorch and says itself how to run it: `mmpose-light infer FILE.onnx …`.'
    )
    parser.add_argument(
        'config',
        help='config file of a top-down model; or, without a checkpoint, '
        f'{describe_trained_models()}',
    )
    parser.add_argument(
        'checkpoint', nargs='?', help="a config's weights (default: random ones)"
    )
    parser.add_argument('--out', required=True, help='ONNX file to write')

    form = parser.add_argument_group('the form of the file')
    form.add_argument(
        '--output',
        choices=OUTPUTS,
        help='what it gives: heatmaps, or the vectors that RTMPose gives (default: '
        "what the model's head gives)",
    )
    form.add_argument(
        '--channels',
        choices=CHANNELS,
        default='rgb',
        help="the order of its input's channels (default: %(default)s); bgr is what "
        'rtmlib hands over, normalized by the mean and std of R, G, B',
    )
    form.add_argument(
        '--batch',
        type=_parse_batch,
        metavar='N|dynamic',
        help='number of people in its input (default: dynamic, any number)',
    )
    form.add_argument(
        '--preprocess',
        action='store_true',
        help='take raw pixels, uint8, (N, H, W, 3), and normalize them in the graph',
    )
    form.add_argument(
        '--precision',
        choices=TOLERANCES,
        default='fp32',
        help='default: %(default)s; int8 needs --calibration-images',
    )
    form.add_argument(
        '--no-simplify', action='store_true', help='leave the graph as it was traced'
    )
    form.add_argument(
        '--opset',
        type=int,
        default=17,
        help=f"version of ONNX's operators, {OPSETS[0]} to {OPSETS[-1]} (default: "
        '%(default)s)',
    )

    calibration = parser.add_argument_group('int8')
    calibration.add_argument(
        '--calibration-images',
        nargs='+',
        metavar='PICTURE',
        help='pictures, folders or patterns: people as the model will meet them',
    )
    calibration.add_argument(
        '--calibration-ann-file',
        help='COCO annotations with the boxes of the people on them (default: each '
        'picture is one person)',
    )
    calibration.add_argument(
        '--calibration-people',
        type=int,
        default=CALIBRATION_PEOPLE,
        help='the most people to take (default: %(default)s)',
    )
    calibration.add_argument(
        '--int8-runtime',
        choices=list(OPERATORS),
        default='openvino',
        help='the runtime that int8 is to be fast in (default: %(default)s)',
    )
    calibration.add_argument(
        '--quantize-ends',
        action='store_true',
        help='quantize the first and the last convolution too',
    )
    calibration.add_argument(
        '--float-nodes',
        nargs='+',
        default=[],
        metavar='PATTERN',
        help='names of further nodes that stay in float32, such as */stage4/*',
    )

    check = parser.add_argument_group('check')
    check.add_argument(
        '--images',
        nargs='+',
        metavar='PICTURE',
        help='pictures of one person each to check the file on (default: the first for '
        'calibration, or drawn people)',
    )
    check.add_argument(
        '--tolerance',
        type=float,
        help='largest difference from PyTorch, relative to the range of the outputs '
        f'(default: {", ".join(f"{v:g} for {k}" for k, v in TOLERANCES.items())})',
    )
    check.add_argument(
        '--threads', type=int, help='threads of ONNX Runtime (default: its own choice)'
    )


def _parse_batch(text: str) -> int | None:
    """Read a batch size: a number, or 'dynamic' for any."""
    if text == 'dynamic':
        return None
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor 'dynamic'")
    return int(text)


def main(args: argparse.Namespace) -> int:
    """Run the command line.

    Args:
        args (argparse.Namespace): What :func:`add_arguments` defines.

    Returns:
        int: 0; 2 where nothing was written because of an error.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', UserWarning)  # the host's
            done = export_onnx(
                args.config,
                args.checkpoint,
                args.out,
                output=args.output,
                channels=args.channels,
                batch=args.batch,
                preprocess=args.preprocess,
                precision=args.precision,
                simplify=not args.no_simplify,
                opset=args.opset,
                images=args.images,
                calibration_images=args.calibration_images,
                calibration_ann_file=args.calibration_ann_file,
                calibration_people=args.calibration_people,
                int8_runtime=args.int8_runtime,
                float_ends=not args.quantize_ends,
                float_nodes=args.float_nodes,
                tolerance=args.tolerance,
                threads=args.threads,
            )
    except (ValueError, OSError, ImportError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    Console().print(make_table(done))
    return 0


def make_table(done: Export) -> Table:
    """Lay out what came of an export.

    Args:
        done (Export): What :func:`export_onnx` returned.

    Returns:
        Table: The table.
    """
    said = done.metadata
    width, height = said.input_size
    table = Table('', '', title=str(done.file), show_header=False)
    what = 'raw pixels' if said.preprocess else 'normalized'
    table.add_row('model', f'{said.model}, {said.precision}')
    table.add_row('input', f'{width}×{height}, {said.channels.upper()}, {what}')
    table.add_row('output', ', '.join(OUTPUTS[said.output]))
    for item in done.differences:
        table.add_row(
            f'difference of {item.name}',
            f'{item.largest:.3g} at most, {item.relative:.2e} of the range '
            f'(mean {item.mean:.2e}), {done.people} people',
        )
    table.add_row('file size', f'{done.file.stat().st_size / 1e6:.2f} MB')
    table.add_row(
        'latency', f'{done.latency:.1f} ms for {done.batch} in ONNX Runtime on the CPU'
    )
    return table
