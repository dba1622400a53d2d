"""``mmpose-light study``: train networks under one protocol, and compare them."""

import argparse
import functools
import sys

from ..study.options import RunOptions
from .options import add_options

DATA = ('data_root', 'train_ann', 'train_images', 'val_ann', 'val_images')


class _Subcommand(argparse.ArgumentParser):
    """Complains itself of an option that it does not know, with its own usage."""

    def parse_known_args(self, args=None, namespace=None):
        namespace, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f'unrecognized arguments: {" ".join(unknown)}')
        return namespace, unknown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the two subcommands to the parser of the command."""
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
    names = 'iterations', 'batch_size', 'seed', 'lr_scale', 'amp', 'workers'
    add_options(parser, RunOptions, *names, 'time_budget', 'split')


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
    add_options(group, RunOptions, 'limit_images')


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
    """Run the subcommand 'run' or 'report'."""
    return run(**options) if action == 'run' else report(**options)


def run(**options) -> int:
    """Train the networks; 0 if all have finished, 3 if some are left, 1 if one failed.

    Options are those of ``run_study``, ``StudyData.below`` and ``RunOptions``.
    """
    from ..study import StudyData, run_study

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
    """Make table and figures, and name the files."""
    from ..study import make_report

    for path in make_report(**options):
        print(path)
    return 0
