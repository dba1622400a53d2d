"""The command line of the study: ``run`` trains, ``report`` makes table and pictures."""

import argparse
import os
import sys
import warnings
from pathlib import Path

from ..study.data import StudyData
from ..study.pictures import draw_pictures
from ..study.runner import RunOptions, run_study
from ..study.table import make_table, read_records

TABLE = 'results.md'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the two subcommands to a parser.

    Args:
        parser (argparse.ArgumentParser): The parser; ``protocol`` is left to the
            caller, who knows where it lies.
    """
    commands = parser.add_subparsers(title='commands', required=True)
    _add_run(commands.add_parser('run', help='train the networks, or go on with it'))
    _add_report(commands.add_parser('report', help='make table and pictures'))


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        'Train every network of the study on the same data. Called again, it goes on: '
        'finished runs are skipped, others resume from their last checkpoint.'
    )
    parser.set_defaults(main=run)
    data = parser.add_argument_group('data, COCO format')
    data.add_argument('--data-root', default='data/lspet', help='(default: data/lspet)')
    for option, default in (
        ('train-ann', 'train.json'),
        ('train-images', 'images'),
        ('val-ann', 'val.json'),
        ('val-images', 'images'),
    ):
        data.add_argument(
            f'--{option}',
            default=default,
            help=f'below the data root (default: {default})',
        )
    data.add_argument(
        '--limit-images',
        type=int,
        metavar='N',
        help='the first N photographs of each set alone, to rehearse',
    )
    parser.add_argument(
        '--work-dir',
        default='work_dirs/study',
        help='records, checkpoints and logs (default: work_dirs/study)',
    )
    parser.add_argument(
        '--networks', nargs='+', metavar='NETWORK', help='some networks (default: all)'
    )
    parser.add_argument(
        '--iters',
        type=int,
        help="training steps, rounded up to whole epochs (default: the protocol's)",
    )
    parser.add_argument(
        '--batch-size', type=int, help="images in a step (default: the protocol's)"
    )
    parser.add_argument('--seed', type=int, default=0, help='(default: 0)')
    parser.add_argument(
        '--lr-scale',
        type=float,
        default=1.0,
        help='factor on all learning rates (default: 1)',
    )
    parser.add_argument(
        '--amp',
        action=argparse.BooleanOptionalAction,
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


def _add_report(parser: argparse.ArgumentParser) -> None:
    parser.description = 'Make a Markdown table and pictures of the runs of a study.'
    parser.set_defaults(main=report)
    parser.add_argument('runs', help="folder of the runs' JSON files, run's --work-dir")
    parser.add_argument(
        '--out', help='folder for table and pictures (default: that of the runs)'
    )


def run(args: argparse.Namespace) -> int:
    """Run the study.

    Args:
        args (argparse.Namespace): ``protocol`` and what :func:`add_arguments` adds.

    Returns:
        int: 0 if every run has finished, 3 if some are left, 1 if one failed.
    """
    statuses = run_study(
        args.protocol,
        StudyData.below(
            args.data_root,
            args.train_ann,
            args.train_images,
            args.val_ann,
            args.val_images,
        ),
        args.work_dir,
        args.networks,
        RunOptions(
            iterations=args.iters,
            batch_size=args.batch_size,
            seed=args.seed,
            lr_scale=args.lr_scale,
            amp=args.amp,
            limit_images=args.limit_images,
            workers=args.workers,
            time_budget=args.time_budget,
            split=args.split,
        ),
    )
    for status in dict.fromkeys(statuses.values()):
        names = [name for name in statuses if statuses[name] == status]
        print(f'{status}: {", ".join(names)}')
    print(f'Table and pictures: python tools/study.py report {args.work_dir}')
    if 'failed' in statuses.values():
        return 1
    return 0 if set(statuses.values()) == {'finished'} else 3


def report(args: argparse.Namespace) -> int:
    """Make table and pictures.

    Args:
        args (argparse.Namespace): What :func:`add_arguments` adds.

    Returns:
        int: 0.
    """
    records = read_records(args.runs)
    out = Path(args.out or args.runs)
    out.mkdir(parents=True, exist_ok=True)
    part = out / f'{TABLE}.part'
    part.write_text(make_table(records), encoding='utf-8')
    os.replace(part, out / TABLE)
    for path in (out / TABLE, *draw_pictures(records, out)):
        print(path)
    return 0


def main(args: argparse.Namespace) -> int:
    """Run the subcommand that was chosen.

    Args:
        args (argparse.Namespace): ``protocol`` and what :func:`add_arguments` adds.

    Returns:
        int: The exit code; 2 where nothing was done because of an error.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', UserWarning)  # the host's
            return args.main(args)
    except (ValueError, OSError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print('\nInterrupted. The same command goes on from here.', file=sys.stderr)
        return 130
