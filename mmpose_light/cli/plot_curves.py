"""Results and learning rate of training runs: ``mmpose-light plot-curves``."""

import argparse
import sys

from ..visualization.curves import SUFFIXES, plot_curves

OUT = 'work_dirs/curves.png'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command line.

    Args:
        parser (argparse.ArgumentParser): The parser of the command.
    """
    parser.description = (
        'Draw a metric of the validation and the learning rate over the epochs, a line '
        "for each run, from MMEngine's own logs. A run that was resumed is one line."
    )
    parser.add_argument(
        'runs',
        nargs='+',
        metavar='RUN',
        help="a run's work directory, or one scalars.json in it",
    )
    parser.add_argument(
        '--labels',
        nargs='+',
        metavar='LABEL',
        help="a name for each run (default: its folder's)",
    )
    parser.add_argument(
        '--metric',
        help="such as 'coco/AP (M)' (default: AP or PCK, whichever was logged)",
    )
    parser.add_argument(
        '--out',
        default=OUT,
        help=f'file to write: {", ".join(SUFFIXES)} (default: %(default)s)',
    )


def main(args: argparse.Namespace) -> int:
    """Run the command line.

    Args:
        args (argparse.Namespace): What :func:`add_arguments` defines.

    Returns:
        int: 0; 2 where nothing was drawn because of an error.
    """
    try:
        out = plot_curves(args.runs, args.out, labels=args.labels, metric=args.metric)
    except (ValueError, OSError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    print(f'curves in {out}')
    return 0
