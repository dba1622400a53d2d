"""``mmpose-light export``: a trained model to a checked file."""

import argparse
from typing import TYPE_CHECKING, Any

from ..apis.export_settings import ExportSettings
from ..deploy.choices import OUTPUTS
from ..deploy.runtimes import RUNTIMES
from .options import add_options

if TYPE_CHECKING:
    from rich.table import Table

    from ..apis.export import Export


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command: those of ``apis.export``."""
    parser.description = (
        'Export a top-down model to a file: ONNX, which ONNX Runtime, OpenVINO and, with '
        '`--output simcc --channels bgr`, rtmlib run; OpenVINO; or ncnn, for phones and '
        'small boards. The file is checked against PyTorch and tells how to run it: '
        '`mmpose-light infer FILE …`.'
    )
    parser.add_argument(
        'model',
        help='a top-down model: a config file, mmpose::…, or a name '
        '(`mmpose-light list-models` lists them)',
    )
    parser.add_argument(
        '--out',
        required=True,
        help='file to write: .onnx, or .xml (OpenVINO) or .param (ncnn), beside which a '
        '.bin and a .json go',
    )
    parser.add_argument(
        '--weights',
        help="the model's weights (default: a trained model's own, else random ones)",
    )
    parser.add_argument(
        '--overwrite', action='store_true', help='replace a file that is there'
    )
    group = parser.add_argument_group('the form of the file')
    add_options(group, ExportSettings, 'format', 'output', 'channels')
    group.add_argument(
        '--batch-size',
        dest='batch',
        type=_parse_batch,
        metavar='N|dynamic',
        help='number of people in its input (default: dynamic, any number)',
    )
    add_options(group, ExportSettings, 'preprocess', 'precision', 'simplify', 'opset')
    group = parser.add_argument_group('int8')
    add_options(
        group,
        ExportSettings,
        'calibration_images',
        'calibration_ann_file',
        'calibration_people',
        'int8_runtime',
        'float_ends',
        'float_nodes',
    )
    group = parser.add_argument_group('check')
    add_options(group, ExportSettings, 'images', 'tolerance', 'threads')


def _parse_batch(text: str) -> int | None:
    """Read a batch size: a number, or 'dynamic' for any."""
    if text == 'dynamic':
        return None
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor 'dynamic'")
    return int(text)


def main(**options: Any) -> None:
    """Export, and print what came of it."""
    from rich.console import Console

    from ..utils.late_imports import (
        TRAINING_ALONE,
        import_host,
        import_on_use,
        load_what_stays,
    )

    with import_on_use(*TRAINING_ALONE, derive=False):
        with load_what_stays():
            import_host()
            from ..apis.export import export
        done = export(**options)
    Console().print(make_table(done))


def make_table(done: 'Export') -> 'Table':
    """Lay out what came of an export."""
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
    size = sum(file.stat().st_size for file in done.files)
    table.add_row('file size', f'{size / 1e6:.2f} MB')
    table.add_row(
        'latency',
        f'{done.latency:.1f} ms for {done.batch} in {RUNTIMES[done.runtime].title} on '
        'the CPU',
    )
    return table
