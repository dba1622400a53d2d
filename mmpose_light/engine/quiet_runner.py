"""MMEngine's runner for programs: says little, and goes on after an interruption."""

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.runner import Runner

Say = Callable[[str], None]
PROGRESS = 'Epoch('


def say_nothing(line: str) -> None:
    """Take a line on the progress, and leave it unsaid."""


def build_runner(cfg: Config, say: Say | None = None) -> Runner:
    """Build a runner that writes its log to its file and nothing to the console.

    Args:
        cfg (Config): As for ``Runner.from_cfg``; left as it is. Several runners of one
            process may have the same name, and none takes another's logger.
        say (Callable[[str], None], optional): Takes MMEngine's lines of progress, such
            as 'Epoch(train) [1][10/150] …', and its errors. Defaults to ``None``

    Returns:
        Runner: The runner. What it prints itself is kept off by :func:`silence`.
    """
    cfg = cfg.copy()
    # MMEngine keeps loggers and visualizers by name for the life of the process.
    cfg.experiment_name = f'{Path(cfg.work_dir).name}_{time.time_ns()}'
    cfg.visualizer = dict(cfg.visualizer, name=cfg.experiment_name)
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    with silence():
        runner = Runner.from_cfg(cfg)
    for handler in list(runner.logger.handlers):
        if type(handler) is logging.StreamHandler:  # a file's is a subclass
            runner.logger.removeHandler(handler)
    if say is not None:
        runner.logger.addHandler(_SayProgress(say))
    return runner


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Keep what MMEngine and COCO's evaluation print off the console.

    MMEngine's log file in the run's folder has it.
    """
    with open(os.devnull, 'w') as nowhere, contextlib.redirect_stdout(nowhere):
        yield


class _SayProgress(logging.Handler):
    """Hands lines of progress and errors on."""

    def __init__(self, say: Say) -> None:
        super().__init__()
        self.say = say

    def emit(self, record: logging.LogRecord) -> None:
        line = record.getMessage()
        if record.levelno >= logging.ERROR or line.startswith(PROGRESS):
            self.say(line)
