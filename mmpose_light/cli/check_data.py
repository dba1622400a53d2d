"""``mmpose-light check-data``: what is wrong with the data of a config."""

import argparse
from collections.abc import Sequence
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command line.

    Args:
        parser (argparse.ArgumentParser): The parser of the command.
    """
    parser.description = (
        'Look through the annotations and images of a config for what makes a training '
        'or a test stop, or worthless. Our configs have this done before their first '
        'step; --cfg-options default_hooks.check_data.enable=False switches it off. '
        'The exit code is 1 if something must be mended.'
    )
    parser.add_argument('config', help="config file, mmpose::…, or a model's name")
    parser.add_argument(
        '--splits',
        nargs='+',
        choices=('train', 'val', 'test'),
        help='whose data (default: train val)',
    )
    count = parser.add_mutually_exclusive_group()
    count.add_argument(
        '--images',
        dest='opened',
        type=int,
        metavar='N',
        help='how many images of each file of annotations are opened to compare their '
        'sizes (default: 1000)',
    )
    count.add_argument(
        '--all-images',
        dest='opened',
        action='store_const',
        const=None,
        help='open all images',
    )


def main(config: str, **options: Sequence[str] | Any) -> int:
    """Print what was found.

    Returns:
        int: The exit code: 1 if something must be mended, else 0.
    """
    from ..apis.check_data import check_data

    found = check_data(config, **options)
    for name, findings in found.items():
        counts = ', '.join(f'{n} {what}' for what, n in findings.counts.items())
        print(f'{name}: {counts or "not read"}')
        for text in findings.problems:
            print(f'  to mend: {text}')
        for text in findings.notes:
            print(f'  note: {text}')
    bad = sum(len(findings.problems) for findings in found.values())
    print(f'{bad} to mend' if bad else 'nothing to mend')
    return 1 if bad else 0
