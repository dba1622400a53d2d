"""The console command ``mmpose-light``.

A command is a module of this package with two functions: ``add_arguments(parser)``, and
``main``, whose parameters are the parser's ``dest``s and which returns the exit code or
None. An option that is not given is not passed on: its default is that of the library
function that takes it. A command is imported only when it is called, and what is heavy
only by its ``main``, so help and complaints come at once.
"""

import argparse
import contextlib
import importlib
import os
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import NoReturn

from ..utils.errors import UserError, suggest
from ..utils.memory import keep_freed_memory
from ..version import __version__

#: Each command by name: what it does. Its module is called likewise, with ``_``.
COMMANDS = {
    'check-env': 'show the versions of the stack and what to fix',
    'list-models': 'list the models and what is known of them',
    'infer': 'estimate poses in images and videos',
    'heatmaps': "draw a model's heatmaps, scale by scale, over an image",
    'export': 'write a model to an ONNX file, checked and described',
    'benchmark': 'measure models side by side: latency, memory, the training step',
    'benchmark-infer': 'measure the whole way from image files to json and pictures',
    'compare': 'write the tables of published models again',
    'check-data': "look through a config's data before a training or a test",
    'demo': 'train a small EL-HRNet on synthetic people and show what it learned',
    'study': 'train networks under one protocol, and compare them',
    'plot-curves': 'draw AP and learning rate of training runs over the epochs',
    'convert-eeffpose': 'turn published weights of EEffPose into a checkpoint',
    'publish-weights': 'make a checkpoint small enough to be passed on',
    'lspet2coco': 'turn the LSPET download into COCO json files',
    'make-synthetic-people': 'draw a COCO-format set of people out of nothing',
}

#: What commands were called before version 0.2.
RENAMED: dict[str, str] = {
    'export-onnx': 'export',
    'visualize-heatmaps': 'heatmaps',
}

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that the command line, by default this process's, names.

    Returns the exit code: 0; what the command says; 2 after an error that the user can
    mend; 130 after an interruption.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, 'reconfigure'):  # what a console cannot show becomes ?
            stream.reconfigure(errors='replace')
    argv = list(sys.argv[1:] if argv is None else argv)
    if argv and argv[0] in COMMANDS:
        return run_command(argv[0], argv[1:])
    parser = argparse.ArgumentParser(
        prog='mmpose-light',
        usage='%(prog)s [--help] [--version] COMMAND ...',
        description='Light networks for human pose estimation with MMPose.',
        epilog='commands:\n'
        + '\n'.join(f'  {name:<24}{does}' for name, does in COMMANDS.items())
        + '\n\n`mmpose-light COMMAND --help` tells the options of a command.',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--version', action='version', version=__version__)
    parser.add_argument('command', nargs='?', help=argparse.SUPPRESS)
    name = parser.parse_known_args(argv)[0].command
    complain_of_command(parser, name)


def complain_of_command(parser: argparse.ArgumentParser, name: str | None) -> NoReturn:
    """Stop because there is no such command, and say which was perhaps meant."""
    if name is None:
        parser.error(f'name a command: {", ".join(COMMANDS)}')
    if name in RENAMED:
        parser.error(f'{name} is called {RENAMED[name]} now')
    meant = suggest(name, COMMANDS)
    parser.error(f'there is no command {name!r}{meant}: name {", ".join(COMMANDS)}')


def run_command(name: str, argv: Sequence[str]) -> int:
    """Run a command, and turn what the user can mend into a message."""
    debug = False
    try:
        command = import_command(name)
        options = vars(make_parser(name, command).parse_args(argv))
        debug = options.pop('debug')
        keep_freed_memory()
        shown = contextlib.nullcontext() if debug else short_warnings()
        with warnings.catch_warnings(), shown, end_in_order():
            warnings.simplefilter('ignore', UserWarning)  # the host's
            return command.main(**options) or 0
    except KeyboardInterrupt as stop:
        told = f': {stop}' if str(stop) else ''
        print(f'\nmmpose-light {name}: interrupted{told}', file=sys.stderr)
        return INTERRUPTED
    except (UserError, OSError) as error:
        if debug:
            raise
        print(f'mmpose-light {name}: error: {error}', file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        if debug:
            raise
        print(
            f'mmpose-light {name} cannot start: {error}\n'
            '`mmpose-light check-env` says what to fix.',
            file=sys.stderr,
        )
        return 1


def run_tool(name: str) -> NoReturn:
    """Run a command as a program of its own."""
    sys.exit(main([name, *sys.argv[1:]]))


def make_parser(name: str, command: ModuleType) -> argparse.ArgumentParser:
    """Make the parser of a command."""
    parser = argparse.ArgumentParser(
        prog=f'mmpose-light {name}', argument_default=argparse.SUPPRESS
    )
    command.add_arguments(parser)
    parser.add_argument(
        '--debug',
        action='store_true',
        default=False,
        help='show the traceback of any error',
    )
    return parser


@contextlib.contextmanager
def short_warnings() -> Iterator[None]:
    """Show what a warning says, and not the line of code that gave it."""
    before = warnings.formatwarning
    warnings.formatwarning = lambda message, *_, **__: f'warning: {message}\n'
    try:
        yield
    finally:
        warnings.formatwarning = before


@contextlib.contextmanager
def end_in_order() -> Iterator[None]:
    """Let a request to end, as by ``kill`` or a job's time limit, be one like Ctrl-C."""
    process = os.getpid()

    def stop(number: int, _: object) -> None:
        if os.getpid() == process:
            raise KeyboardInterrupt
        signal.signal(number, signal.SIG_DFL)  # in a process forked from it
        os.kill(os.getpid(), number)

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def import_command(name: str) -> ModuleType:
    """Import the module of a command."""
    return importlib.import_module(f'.{name.replace("-", "_")}', __name__)
