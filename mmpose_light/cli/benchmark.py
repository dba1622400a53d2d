"""The command line: ``mmpose-light benchmark`` and ``tools/benchmark.py``."""

import argparse
import shlex
import sys
import warnings
from pathlib import Path

from mmengine.logging import MMLogger
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)

from ..benchmark.backends import BACKENDS, PRECISIONS
from ..benchmark.report import JSON, Report
from ..benchmark.run import OUT_DIR, run_benchmark, write_results
from ..benchmark.settings import Settings
from ..benchmark.tables import print_tables
from ..benchmark.zoo import ALL, DEFAULT, FURTHER

#: What ``--quick`` sets where nothing else is asked for.
QUICK = dict(
    models=('el-hrnet-w32', 'eeffpose-p0', 'hrnet-w32'),
    batch_sizes=(1,),
    train_batch_size=0,
    rounds=3,
    memory=False,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command line.

    Args:
        parser (argparse.ArgumentParser): The parser of the command.
    """
    parser.description = (
        'Measure networks side by side, in alternating order: latency, throughput, '
        'memory, the training step. Weights are random. The defaults take about an '
        'hour on two cores; --quick gives a first look in minutes.'
    )
    what = parser.add_argument_group('what is measured')
    what.add_argument(
        'configs',
        nargs='*',
        metavar='CONFIG',
        help='config files of further networks, or mmpose::… names',
    )
    what.add_argument(
        '--models',
        nargs='*',
        metavar='NAME',
        help=f'networks by name, {ALL} for every one, none for CONFIGs alone (default: '
        f'{" ".join(DEFAULT)}; there are also {" ".join(FURTHER)})',
    )
    what.add_argument(
        '--backends',
        nargs='*',
        metavar='BACKEND',
        help=f'some of {" ".join(BACKENDS)}: PyTorch as trained, in its inference '
        'form and compiled, and exported files; none for training alone '
        '(default: eager fused onnxruntime openvino)',
    )
    what.add_argument(
        '--precision',
        nargs='+',
        dest='precisions',
        metavar='PRECISION',
        help=f'some of {" ".join(PRECISIONS)}, in the backends that have them: amp '
        'in PyTorch, fp16 in ONNX Runtime, int8 in both runtimes (default: fp32)',
    )
    what.add_argument(
        '--batch-sizes',
        nargs='+',
        type=int,
        metavar='N',
        help='images at a time (default: 1 8)',
    )
    what.add_argument(
        '--train-batch-size',
        type=int,
        metavar='N',
        help='images at a time in the training step, 0 for none (default: 4)',
    )
    what.add_argument(
        '--input-size',
        type=int,
        nargs=2,
        metavar=('WIDTH', 'HEIGHT'),
        help="in pixels (default: each config's own)",
    )
    what.add_argument(
        '--reference',
        metavar='NAME',
        help='network that ratios refer to (default: hrnet-w32)',
    )
    what.add_argument(
        '--no-memory',
        dest='memory',
        action='store_const',
        const=False,
        help='leave out the memory of inference',
    )
    what.add_argument(
        '--quick',
        action='store_true',
        help='a first look: our two networks and HRNet-W32, batch 1, three rounds, '
        'neither training nor memory, unless asked for',
    )

    how = parser.add_argument_group('how')
    how.add_argument('--device', help='cpu or cuda (default: cpu)')
    how.add_argument(
        '--threads', type=int, help='threads on the CPU (default: one for each core)'
    )
    how.add_argument(
        '--rounds', type=int, help='turns that each network gets (default: 5)'
    )
    how.add_argument(
        '--runs', type=int, help='runs measured in a turn, at most (default: 10)'
    )
    how.add_argument(
        '--channels-last',
        action='store_const',
        const=True,
        help='memory layout of PyTorch, for all networks',
    )
    how.add_argument(
        '--cuda-graphs',
        action='store_const',
        const=True,
        help='replay inference in PyTorch as CUDA graphs',
    )

    output = parser.add_argument_group('output')
    output.add_argument(
        '--out-dir',
        help=f'where tables, pictures and {JSON} are written (default: {OUT_DIR}, '
        'or the folder of --from-json)',
    )
    output.add_argument(
        '--from-json',
        metavar='FILE',
        help=f'measure nothing: write tables and pictures again from a {JSON}',
    )


def main(args: argparse.Namespace) -> int:
    """Run the command line.

    Args:
        args (argparse.Namespace): What :func:`add_arguments` defines.

    Returns:
        int: 0; 1 where some network could not be measured in some way; 2 where nothing
        was measured because of an error; 130 after an interruption.
    """
    console = Console()
    out_dir = Path(args.out_dir or OUT_DIR)
    try:
        if args.from_json:
            out_dir = Path(args.out_dir or Path(args.from_json).parent)
            report = Report.load(args.from_json)
            write_results(report, out_dir)
        else:
            report = _run(args, out_dir, console)
    except (ValueError, OSError, ImportError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f'\nInterrupted. What was measured is in {out_dir}.', file=sys.stderr)
        return 130
    print_tables(report, console)
    labels = {card.name: card.label for card in report.cards}
    failed = [cell for cell in report.cells if cell.failure]
    for cell in failed:
        where = f'{labels[cell.model]}, {cell.group.title}'
        print(f'error: {where}: {cell.failure}', file=sys.stderr)
    print(f'Tables, pictures and {JSON} in {out_dir}')
    return 1 if failed else 0


def _run(args: argparse.Namespace, out_dir: Path, console: Console) -> Report:
    names = (
        'models configs backends precisions batch_sizes train_batch_size input_size '
        'reference threads device rounds runs memory channels_last cuda_graphs'
    )
    given = {name: getattr(args, name) for name in names.split()}
    given = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in given.items()
        if value is not None
    }
    settings = Settings(**{**(QUICK if args.quick else {}), **given})
    progress = Progress(
        TextColumn('{task.description}'),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn('{task.fields[step]}'),
        console=console,
    )
    MMLogger.get_current_instance().setLevel('ERROR')
    with warnings.catch_warnings(), progress:
        warnings.simplefilter('ignore')  # the host's and the exporter's
        tool = Path(sys.argv[0])
        tool = tool.name if tool.is_absolute() else str(tool)
        command = shlex.join([tool, *sys.argv[1:]])
        return run_benchmark(settings, out_dir, command=command, progress=progress)
