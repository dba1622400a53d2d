"""``mmpose-light study``: train networks under one protocol, and compare them."""

import argparse
import functools
import sys
import warnings

DATA = ('data_root', 'train_ann', 'train_images', 'val_ann', 'val_images')


class _Subcommand(argparse.ArgumentParser):
    """Complains itself of an option that it does not know, with its own usage."""

    def parse_known_args(self, args=None, namespace=None):
        namespace, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f'unrecognized arguments: {" ".join(unknown)}')
        return namespace, unknown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the two subcommands to the parser of the command.

    Args:
        parser (argparse.ArgumentParser): The parser.
    """
    parser.description = 'Train networks under one protocol, and compare them.'
    commands = parser.add_subparsers(
        title='commands',
        dest='action',
        metavar='{run,report}',
        required=True,
        parser_class=_Subcommand,
    )
    for name, add, does in (
        ('run', _add_run, 'train the networks, or go on with it'),
        ('report', _add_report, 'make table and figures'),
    ):
        command = commands.add_parser(
            name, help=does, argument_default=argparse.SUPPRESS
        )
        add(command)
        command.add_argument('--debug', action='store_true', help=argparse.SUPPRESS)


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        'Train every network of the study on the same data. Called again, it goes on: '
        'finished runs are skipped, others resume from their last checkpoint.'
    )
    parser.add_argument(
        '--protocol',
        help='config of data, schedule and networks, or the name of one in '
        'configs/study (default: lspet-256x192)',
    )
    _add_data(parser)
    parser.add_argument(
        '--work-dir',
        help='records, checkpoints and logs (default: work_dirs/study)',
    )
    parser.add_argument(
        '--networks', nargs='+', metavar='NETWORK', help='some networks (default: all)'
    )
    parser.add_argument(
        '--iters',
        type=int,
        dest='iterations',
        metavar='N',
        help="training steps, rounded up to whole epochs (default: the protocol's)",
    )
    parser.add_argument(
        '--batch-size', type=int, help="images in a step (default: the protocol's)"
    )
    parser.add_argument('--seed', type=int, help='(default: 0)')
    parser.add_argument(
        '--lr-scale', type=float, help='factor on all learning rates (default: 1)'
    )
    parser.add_argument(
        '--amp',
        action=argparse.BooleanOptionalAction,
        default=argparse.SUPPRESS,
        help='mixed precision: bfloat16, or float16 on older GPUs (default: on a GPU)',
    )
    parser.add_argument(
        '--workers', type=int, help='processes that prepare images (default: by cores)'
    )
    parser.add_argument(
        '--time-budget',
        type=float,
        metavar='MINUTES',
        help='stop with a checkpoint before so many minutes are over, and start no run '
        'that would not end in them',
    )
    parser.add_argument(
        '--split',
        action='store_true',
        help='with --time-budget: start such runs all the same, the next call goes on',
    )


def _add_data(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group('data, COCO format')
    group.add_argument('--data-root', help='(default: data/lspet)')
    for option, default in (
        ('train-ann', 'train.json'),
        ('train-images', 'images'),
        ('val-ann', 'val.json'),
        ('val-images', 'images'),
    ):
        group.add_argument(
            f'--{option}', help=f'below the data root (default: {default})'
        )
    group.add_argument(
        '--limit-images',
        type=int,
        metavar='N',
        help='the first N images of each set alone, to rehearse',
    )


def _add_report(parser: argparse.ArgumentParser) -> None:
    parser.description = 'Make a Markdown table and figures of the runs of a study.'
    parser.add_argument('runs', help="folder of the runs' JSON files, run's --work-dir")
    parser.add_argument(
        '--out-dir', help='folder for table and figures (default: that of the runs)'
    )
    parser.add_argument(
        '--overwrite', action='store_true', help='replace an older report'
    )


def main(action: str, **options) -> int:
    """Run a subcommand.

    Args:
        action (str): 'run' or 'report'.
        **options: What the subcommand's parser gives.

    Returns:
        int: The exit code.
    """
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', UserWarning)  # the host's
        return run(**options) if action == 'run' else report(**options)


def run(**options) -> int:
    """Train the networks.

    Args:
        **options: Parameters of :func:`~mmpose_light.study.run_study`, and what
            ``StudyData.below`` and ``RunOptions`` take.

    Returns:
        int: 0 if every run has finished, 3 if some are left, 1 if one failed.
    """
    from ..study import RunOptions, StudyData, run_study

    work_dir = options.pop('work_dir', 'work_dirs/study')
    which = {n: options.pop(n) for n in ('protocol', 'networks') if n in options}
    data = {name: options.pop(name) for name in DATA if name in options}
    # while a run works standard output is silenced: this is the one of now
    say = functools.partial(print, file=sys.stdout, flush=True)
    statuses = run_study(
        data=StudyData.below(**data),
        work_dir=work_dir,
        options=RunOptions(**options),
        say=say,
        **which,
    )
    for status in dict.fromkeys(statuses.values()):
        names = [name for name in statuses if statuses[name] == status]
        print(f'{status}: {", ".join(names)}')
    print(f'Table and figures: mmpose-light study report {work_dir}')
    if 'failed' in statuses.values():
        return 1
    return 0 if set(statuses.values()) == {'finished'} else 3


def report(**options) -> int:
    """Make table and figures, and name the files.

    Args:
        **options: Parameters of :func:`~mmpose_light.study.make_report`.

    Returns:
        int: 0.
    """
    from ..study import make_report

    for path in make_report(**options):
        print(path)
    return 0
