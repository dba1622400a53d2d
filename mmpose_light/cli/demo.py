"""``mmpose-light demo``: train a small EL-HRNet on synthetic people, on the CPU."""

import argparse
import functools
import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..demo.run import DemoResult

COCO_CONFIG = 'configs/el_hrnet/td-hm_el-hrnet-w32_1xb16-300e_coco-256x192.py'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        'Train a small EL-HRNet on synthetic people and show what it learned. Called '
        'again after an interruption, it goes on.'
    )
    parser.add_argument(
        '--config',
        help="config of the model and its training (default: the demo's own)",
    )
    parser.add_argument(
        '--work-dir', help='where everything is written (default: work_dirs/demo)'
    )
    parser.add_argument(
        '--train-images', type=int, help='images to train on (default: 2400)'
    )
    parser.add_argument(
        '--val-images', type=int, help='images to evaluate on (default: 150)'
    )
    parser.add_argument(
        '--epochs', type=int, help="epochs to train (default: the config's)"
    )
    parser.add_argument(
        '--images',
        nargs='+',
        metavar='IMAGE',
        help='images of one person each, whose pose the trained model of this package '
        'finds at the end',
    )
    parser.add_argument(
        '--overwrite', action='store_true', help='start anew instead of going on'
    )


def main(**options) -> int:
    """Run the demo and say what it made; 1 if an image could not be read."""
    from ..demo.run import run_demo

    start = time.monotonic()
    # while a network trains standard output is silenced: this is the one of now
    say = functools.partial(print, file=sys.stdout, flush=True)
    result = run_demo(**options, say=say)
    print(describe(result, round(time.monotonic() - start)))
    return 1 if result.found and result.found.skipped else 0


def describe(result: 'DemoResult', seconds: int) -> str:
    """Say what a demo made, in so many seconds."""
    from ..demo.run import AP

    minutes, seconds = divmod(seconds, 60)
    lines = [
        '',
        f'Done in {minutes} min {seconds} s. AP on images it never saw: '
        f'{result.untrained[AP]:.3f} untrained, {result.trained[AP]:.3f} trained.',
        f'  prediction beside truth      {result.predictions}',
        f'  loss and AP over the epochs  {result.curve}',
        f'  the trained model            {result.checkpoint}',
    ]
    if result.found and result.found.people:
        lines.append(f'  poses in your images         {result.poses}')
    if result.found:
        for image, reason in result.found.skipped.items():
            lines.append(f'  not read: {image}: {reason}')
    lines += [
        '',
        'What next:',
        "  Find the poses in images of yours (the demo's own model knows drawn people "
        'only):',
        f'    {_find("mmpose-light")} infer IMAGE.jpg',
        '  Train on COCO, once it lies in data/coco as MMPose has it:',
        f'    {_find("mim")} train mmpose {COCO_CONFIG}',
    ]
    return '\n'.join(lines)


def _find(command: str) -> str:
    """Return what starts a command here, where no environment need be active."""
    if shutil.which(command):
        return command
    return os.path.relpath(Path(sys.executable).with_name(command))
