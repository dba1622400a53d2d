"""``mmpose-light export``: a trained model to one checked ONNX file."""

import argparse
import warnings
from typing import TYPE_CHECKING, Any

from ..deploy.choices import CHANNELS, OPSETS, OUTPUTS
from ..deploy.quantization import OPERATORS
from ..deploy.verify import TOLERANCES

if TYPE_CHECKING:
    from rich.table import Table

    from ..apis.export import Export


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command line: those of ``export_onnx``.

    Args:
        parser (argparse.ArgumentParser): The parser of the command.
    """
    parser.description = (
        'Export a top-down model to an ONNX file that ONNX Runtime, OpenVINO and, with '
        '`--output simcc --channels bgr`, rtmlib run. The file is checked against '
        'PyTorch and says itself how to run it: `mmpose-light infer FILE.onnx …`.'
    )
    parser.add_argument(
        'model',
        help='a top-down model: a config file, mmpose::…, or a name '
        '(`mmpose-light list-models` lists them)',
    )
    parser.add_argument('--out', required=True, help='ONNX file to write')
    parser.add_argument(
        '--weights',
        help="the model's weights (default: a trained model's own, else random ones)",
    )
    parser.add_argument(
        '--overwrite', action='store_true', help='replace a file that is there'
    )
    _add_form(parser.add_argument_group('the form of the file'))
    _add_int8(parser.add_argument_group('int8'))
    _add_check(parser.add_argument_group('check'))


def _add_form(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        '--output',
        choices=OUTPUTS,
        help='what it gives: heatmaps, or the vectors that RTMPose gives (default: '
        "what the model's head gives)",
    )
    group.add_argument(
        '--channels',
        choices=CHANNELS,
        help="the order of its input's channels (default: rgb); bgr is what rtmlib "
        'hands over, normalized by the mean and std of R, G, B',
    )
    group.add_argument(
        '--batch-size',
        dest='batch',
        type=_parse_batch,
        metavar='N|dynamic',
        help='number of people in its input (default: dynamic, any number)',
    )
    group.add_argument(
        '--preprocess',
        action='store_true',
        help='take raw pixels, uint8, (N, H, W, 3), and normalize them in the graph',
    )
    group.add_argument(
        '--precision',
        choices=TOLERANCES,
        help='default: fp32; int8 needs --calibration-images',
    )
    group.add_argument(
        '--no-simplify',
        dest='simplify',
        action='store_false',
        help='leave the graph as it was traced',
    )
    group.add_argument(
        '--opset',
        type=int,
        help=f"version of ONNX's operators, {OPSETS[0]} to {OPSETS[-1]} (default: 17)",
    )


def _add_int8(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        '--calibration-images',
        nargs='+',
        metavar='IMAGE',
        help='images, folders or patterns: people as the model will meet them',
    )
    group.add_argument(
        '--calibration-ann-file',
        help='COCO annotations with the boxes of the people on them (default: each '
        'image is one person)',
    )
    group.add_argument(
        '--calibration-people',
        type=int,
        help='the most people to take (default: 128)',
    )
    group.add_argument(
        '--int8-runtime',
        choices=OPERATORS,
        help='the runtime that int8 is to be fast in (default: openvino)',
    )
    group.add_argument(
        '--quantize-ends',
        dest='float_ends',
        action='store_false',
        help='quantize the first and the last convolution too',
    )
    group.add_argument(
        '--float-nodes',
        nargs='+',
        metavar='PATTERN',
        help='names of further nodes that stay in float32, such as */stage4/*',
    )


def _add_check(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        '--images',
        nargs='+',
        metavar='IMAGE',
        help='images of one person each to check the file on (default: the first for '
        'calibration, or drawn people)',
    )
    group.add_argument(
        '--tolerance',
        type=float,
        help='largest difference from PyTorch, relative to the range of the outputs '
        f'(default: {", ".join(f"{v:g} for {k}" for k, v in TOLERANCES.items())})',
    )
    group.add_argument(
        '--threads', type=int, help='threads of ONNX Runtime (default: its own choice)'
    )


def _parse_batch(text: str) -> int | None:
    """Read a batch size: a number, or 'dynamic' for any."""
    if text == 'dynamic':
        return None
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor 'dynamic'")
    return int(text)


def main(**options: Any) -> None:
    """Export, and print what came of it.

    Args:
        **options: Those of :func:`~mmpose_light.apis.export.export_onnx`.
    """
    from rich.console import Console

    from ..apis.export import export_onnx

    with warnings.catch_warnings():
        warnings.simplefilter('ignore', UserWarning)  # the host's
        done = export_onnx(**options)
    Console().print(make_table(done))


def make_table(done: 'Export') -> 'Table':
    """Lay out what came of an export.

    Args:
        done (Export): What :func:`~mmpose_light.apis.export.export_onnx` returned.

    Returns:
        Table: The table.
    """
    from rich.table import Table

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
