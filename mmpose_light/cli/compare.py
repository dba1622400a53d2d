"""``mmpose-light compare``: the tables of published models, written again."""

import argparse
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        'Write the comparison of published models again: comparison.md, '
        'comparison.json and ap_against_params.png, from comparison.yml and the '
        'metafiles.'
    )
    parser.add_argument(
        '--docs', help='folder with comparison.yml, for the rest, too (default: docs)'
    )
    parser.add_argument(
        '--no-count',
        dest='count',
        action='store_false',
        help='take parameters and MACs from comparison.json instead of counting them '
        'again, which takes minutes',
    )


def main(**options: Any) -> None:
    """Write the page, and name the files."""
    from rich.console import Console

    from ..benchmark.comparison_page import make_comparison
    from .benchmark import quiet, show_steps

    with quiet(), show_steps(Console()) as on_step:
        files = make_comparison(**options, on_step=on_step)
    print(*files, sep='\n')
