"""``mmpose-light benchmark``: measure models side by side."""

import argparse
import contextlib
import shlex
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ..apis.zoo import ALL, DEFAULT, FURTHER
from ..benchmark.settings import OUT_DIR, Settings
from .options import add_options

if TYPE_CHECKING:
    from ..benchmark.progress import OnStep

#: What ``--quick`` sets where nothing else is asked for.
QUICK = dict(
    models=('el-hrnet-w32', 'eeffpose-p0', 'hrnet-w32'),
    batch_sizes=(1,),
    train_batch_size=0,
    rounds=3,
    memory=False,
)


class Gone(argparse.Action):
    """An option of earlier versions: an error tells what it is now."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Sequence[str],
        option_string: str | None = None,
    ) -> NoReturn:
        """Stop, and write it as it is written now."""
        parser.error(f'{option_string} is gone: {self.const.format(" ".join(values))}')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        'Measure models side by side, in alternating order: latency, throughput, '
        'memory, the training step. Weights are random. The defaults take about an '
        'hour on two cores; --quick gives a first look in minutes. How long it will '
        'take is told after the first round.'
    )
    group = parser.add_argument_group('what is measured')
    group.add_argument(
        'models',
        nargs='*',
        metavar='MODEL',
        help=f'names ({" ".join((*DEFAULT, *FURTHER))}; {ALL} for every one), or '
        'models as every command takes them: config files, mmpose::…, names of '
        f'configs and of trained models (default: the first {len(DEFAULT)} names)',
    )
    add_options(group, Settings, 'runtimes', 'inference', 'precisions')
    gone = dict(action=Gone, nargs='*', help=argparse.SUPPRESS)
    group.add_argument('--models', const='mmpose-light benchmark {}', **gone)
    group.add_argument('--backends', const='--runtimes {}', dest='runtimes', **gone)
    sizes = 'batch_sizes', 'train_batch_size', 'input_size', 'reference', 'memory'
    add_options(group, Settings, *sizes)
    group.add_argument(
        '--quick',
        action='store_true',
        help='a first look: our two models and HRNet-W32, batch 1, three rounds, '
        'neither training nor memory, unless asked for',
    )
    how = 'device', 'threads', 'rounds', 'runs', 'channels_last', 'cuda_graphs'
    add_options(parser.add_argument_group('how'), Settings, *how)
    group = parser.add_argument_group('output')
    group.add_argument(
        '--out-dir',
        help=f'where tables, plots and benchmark.json are written (default: {OUT_DIR}, '
        'or the folder of --from-json)',
    )
    group.add_argument(
        '--overwrite',
        action='store_true',
        help='replace the benchmark that is in that folder',
    )
    group.add_argument(
        '--from-json',
        metavar='FILE',
        help='measure nothing: write tables and plots again from a benchmark.json',
    )


def main(
    out_dir: str | None = None,
    overwrite: bool = False,
    from_json: str | None = None,
    quick: bool = False,
    **settings: Any,
) -> int:
    """Measure, or show a report again; 1 where some model could not be measured."""
    from rich.console import Console

    from ..benchmark.report import JSON, Report
    from ..benchmark.run import run_benchmark, write_results
    from ..benchmark.tables import list_failures, make_tables
    from ..utils.files import check_absent

    console = Console()
    if from_json:
        report = Report.load(from_json)
        if out_dir:
            check_absent(Path(out_dir) / JSON, overwrite)
        out_dir = Path(out_dir or Path(from_json).parent)
        write_results(report, out_dir)
    else:
        settings = Settings(**{**(QUICK if quick else {}), **settings})
        out_dir = Path(out_dir or OUT_DIR)
        print(f'Results go to {out_dir}, also when this is stopped.', flush=True)
        with quiet(), stop_on_sigterm(), show_steps(console) as on_step:
            report = run_benchmark(
                settings,
                out_dir,
                overwrite=overwrite,
                command=name_command(),
                on_step=on_step,
            )
    for table in make_tables(report, console.width):
        console.print(table)
    failures = list_failures(report)
    for failure in failures:
        print(f'error: {failure}', file=sys.stderr)
    print(f'Tables, plots and {JSON} in {out_dir}')
    return 1 if failures else 0


def name_command() -> str:
    """Name the command line that is running."""
    tool = Path(sys.argv[0])
    tool = tool.name if tool.is_absolute() else str(tool)
    return shlex.join([tool, *sys.argv[1:]])


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep back what the host and the exporter have to say."""
    from ..utils.host_warnings import log_errors_alone

    log_errors_alone()
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        yield


@contextlib.contextmanager
def stop_on_sigterm() -> Iterator[None]:
    """Stop in good order when the process is told to end, as after Ctrl-C."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def show_steps(console: Any) -> Iterator['OnStep']:
    """Show what is done: bars on a terminal, else a line for every step."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    if not console.is_terminal:

        def print_line(step: Any) -> None:
            text = f'{step.title}: {step.what} ({step.done} of {step.total})'
            print(', '.join(filter(None, (text, step.left))), flush=True)

        yield print_line
        return
    columns = '{task.description}', '{task.fields[what]}', '{task.fields[left]}'
    title, what, left = map(TextColumn, columns)
    progress = Progress(
        title,
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        what,
        left,
        console=console,
    )
    tasks = {}

    def update(step: Any) -> None:
        if step.title not in tasks:
            tasks[step.title] = progress.add_task(
                step.title, total=step.total, what='', left=''
            )
        progress.update(
            tasks[step.title], completed=step.done, what=step.what, left=step.left
        )

    with progress:
        yield update
