"""``mmpose-light plot-curves``: results and learning rate of training runs."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
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
        help='file to write, .png, .pdf or .svg (default: work_dirs/curves.png)',
    )
    parser.add_argument(
        '--overwrite', action='store_true', help='replace a file that is there already'
    )


def main(**options: object) -> None:
    """Draw the curves, and say where they are."""
    from ..visualization.curves import plot_curves

    print(f'curves in {plot_curves(**options)}')
