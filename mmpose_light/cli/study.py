"""``mmpose-light study``: train networks under one protocol, and compare them."""

import argparse
import functools
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..study.options import RunOptions
from .options import add_options

if TYPE_CHECKING:
    from ..study import StudyData

DATA = ('data_root', 'train_ann', 'train_images', 'val_ann', 'val_images')


class _Subcommand(argparse.ArgumentParser):
    """Complains itself of an option that it does not know, with its own usage."""

    def parse_known_args(self, args=None, namespace=None):
        namespace, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f'unrecognized arguments: {" ".join(unknown)}')
        return namespace, unknown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands to the parser of the command."""
    parser.description = 'Train networks under one protocol, and compare them.'
    commands = parser.add_subparsers(
        title='commands',
        dest='action',
        metavar='{run,evaluate,report}',
        required=True,
        parser_class=_Subcommand,
    )
    for name, add, does in (
        ('run', _add_run, 'train the networks, or go on with it'),
        ('evaluate', _add_evaluate, 'write results person by person, and draw poses'),
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
    add_options(_add_data(parser, 'train', 'val'), RunOptions, 'limit_images')
    parser.add_argument(
        '--work-dir',
        help='records, checkpoints and logs (default: work_dirs/study)',
    )
    parser.add_argument(
        '--networks', nargs='+', metavar='NETWORK', help='some networks (default: all)'
    )
    names = 'iterations', 'batch_size', 'seed', 'lr_scale', 'amp', 'workers'
    add_options(parser, RunOptions, *names, 'cuda_graphs', 'time_budget', 'split')


def _add_data(parser: argparse.ArgumentParser, *splits: str) -> argparse._ArgumentGroup:
    group = parser.add_argument_group('data, COCO format')
    group.add_argument('--data-root', help='(default: data/lspet)')
    for split in splits:
        for option, default in (
            (f'{split}-ann', f'{split}.json'),
            (f'{split}-images', 'images'),
        ):
            group.add_argument(
                f'--{option}', help=f'below the data root (default: {default})'
            )
    return group


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        'Write NETWORK.csv, what each finished network gives on each person, from which '
        '`report` tells how sure its figures are; and poses.png, the poses of all on '
        'the same twelve people.'
    )
    parser.add_argument('work_dir', help="run's --work-dir")
    parser.add_argument(
        '--networks',
        nargs='+',
        metavar='NETWORK',
        help='which (default: all that are finished and have no NETWORK.csv)',
    )
    parser.add_argument(
        '--protocol', help='its config, or name (default: what the runs tell)'
    )
    parser.add_argument(
        '--checkpoint',
        metavar='FILE',
        help="the one network's weights (default: the last checkpoint of its run)",
    )
    parser.add_argument(
        '--no-photographs',
        dest='photographs',
        action='store_const',
        const=False,
        help='draw the poses over the annotation, and not over the photographs',
    )
    _add_data(parser, 'val')


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
    """Run a subcommand."""
    return dict(run=run, evaluate=evaluate, report=report)[action](**options)


def run(**options) -> int:
    """Train the networks; 0 if all have finished, 3 if some are left, 1 if one failed.

    Options are those of ``run_study``, ``StudyData.below`` and ``RunOptions``.
    """
    from ..study import run_study

    work_dir = options.pop('work_dir', 'work_dirs/study')
    which = {n: options.pop(n) for n in ('protocol', 'networks') if n in options}
    data, say = _take_data(options), _say_now()
    statuses = run_study(
        data=data,
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


def evaluate(**options) -> int:
    """Write results person by person and poses, and name the files."""
    from ..study import evaluate_study

    for path in evaluate_study(data=_take_data(options), say=_say_now(), **options):
        print(path)
    return 0


def report(**options) -> int:
    """Make table and figures, and name the files."""
    from ..study import make_report

    for path in make_report(**options):
        print(path)
    return 0


def _take_data(options: dict) -> 'StudyData':
    """Take the options that name the data."""
    from ..study import StudyData

    return StudyData.below(**{n: options.pop(n) for n in DATA if n in options})


def _say_now() -> Callable[[str], None]:
    """Return what prints to the standard output of now: while it works it is silenced."""
    return functools.partial(print, file=sys.stdout, flush=True)
