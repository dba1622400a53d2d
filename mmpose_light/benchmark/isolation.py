"""Runs a function in a process of its own, so that a crash takes nobody along.

The process is forked off a server that has imported what is needed and nothing else:
nothing of another model is in it.
"""

import contextlib
import multiprocessing
import signal
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

#: What the server imports once for all processes.
PRELOAD = [f'{__package__}.torch_runtime', f'{__package__}.memory']


class ProcessDiedError(Exception):
    """A process ended without a word: what ran in it crashed."""


def run_apart(function: Callable[..., Any], *args: Any) -> Any:
    """Run a function of a module in a new process, and return what it returns.

    Raises:
        ProcessDiedError: If the process crashes.
        RuntimeError: If the function raises something; the message tells it.
    """
    forks = 'forkserver' in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context('forkserver' if forks else 'spawn')
    if forks:
        context.set_forkserver_preload(PRELOAD)
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_call_and_send, args=(function, args, sender))
    try:
        process.start()
        sender.close()
        result, failure = receiver.recv()
    except EOFError:
        process.join()
        raise ProcessDiedError(f'crashed (exit code {process.exitcode})') from None
    finally:
        if process.pid:
            process.kill()  # it is over, or nobody waits for it any more
            process.join()
        receiver.close()
    if failure:
        raise RuntimeError(failure)
    return result


def _call_and_send(
    function: Callable[..., Any], args: tuple, sender: Connection
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who waits for it ends it
    warnings.simplefilter('ignore')  # the host's
    try:
        answer = function(*args), None
    except Exception as error:
        answer = None, f'{type(error).__name__}: {error}'
    with contextlib.suppress(BrokenPipeError):  # nobody waits for it any more
        sender.send(answer)
