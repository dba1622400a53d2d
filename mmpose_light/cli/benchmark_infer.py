"""``mmpose-light benchmark-infer``: the whole way from photographs to files."""

import argparse
from collections.abc import Sequence
from typing import Any

from ..benchmark.whole_way_settings import OUT_DIR, WholeWaySettings
from .benchmark import name_command, quiet, show_steps, stop_on_sigterm
from .options import add_options

MODELS = 'el-hrnet-w32', 'eeffpose-p0-001'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        'Measure how long it takes from image files to json files, and to pictures, '
        'and what the parts of that take: reading, cropping, the network, decoding, '
        'writing, drawing. All take turns in one run.'
    )
    parser.add_argument(
        'models',
        nargs='*',
        metavar='MODEL',
        help='names or config files, with random weights where they have none '
        f'(default: {" ".join(MODELS)})',
    )
    fields = 'images', 'ann_file', 'runtimes', 'batch_size', 'threads', 'rounds'
    add_options(parser, WholeWaySettings, *fields)
    parser.add_argument('--out-dir', help=f'output folder (default: {OUT_DIR})')
    parser.add_argument(
        '--overwrite',
        action='store_true',
        help='replace the benchmark that is in that folder',
    )


def main(
    models: Sequence[str] = (),
    out_dir: str = OUT_DIR,
    overwrite: bool = False,
    **settings: Any,
) -> None:
    """Measure, and show the table."""
    from rich.console import Console
    from rich.table import Table

    from ..benchmark.whole_way import list_ways, measure_whole_way

    console = Console()
    settings = WholeWaySettings(models=tuple(models) or MODELS, **settings)
    with quiet(), stop_on_sigterm(), show_steps(console) as on_step:
        ways = measure_whole_way(
            settings,
            out_dir,
            overwrite=overwrite,
            command=name_command(),
            on_step=on_step,
        )
    heads, *rows = list_ways(ways)
    table = Table(title='milliseconds an image')
    shown = 'Network', 'Runtime', 'json', 'with pictures', 'network', heads[-1]
    for head in shown:
        table.add_column(head, justify='left' if head in shown[:2] else 'right')
    for row in rows:
        table.add_row(*(row[heads.index(head)] for head in shown))
    console.print(table)
    print(f'Table and figures in {out_dir}')
