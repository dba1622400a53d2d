"""Runs the command line tools that MMPose ships in its own package."""

import os
import runpy
import sys
from pathlib import Path

from .errors import MissingFileError, UserError
from .host_warnings import ignore_host_warnings

#: Which data each tool needs.
SPLITS = {'train.py': ('train', 'val'), 'test.py': ('test',)}


def run_host_tool(name: str) -> None:
    """Run a tool of MMPose, such as ``train.py``, with the arguments of this process.

    MMPose installs its ``tools`` folder as ``mmpose/.mim/tools``. Running them from
    here, with ``mmpose_light`` imported, they know its modules and read checkpoints,
    whatever the config imports. What a training or a test needs is looked for first.

    Raises:
        MissingFileError: If the installed MMPose has no such tool.
        SystemExit: If config, checkpoint or data are missing, or the checkpoint does
            not fit; with a message that names them and the remedy.
    """
    ignore_host_warnings()
    import mmpose

    tool = Path(mmpose.__file__).parent / '.mim' / 'tools' / name
    if not tool.is_file():
        raise MissingFileError(
            f'The installed MMPose {mmpose.__version__} has no tool {name!r} ({tool} '
            'does not exist). Its wheel ships it: '
            '`pip install --no-deps --force-reinstall mmpose==1.3.2`.'
        )
    try:
        if name in SPLITS:
            _check_inputs(tool, SPLITS[name])
        runpy.run_path(str(tool), run_name='__main__')
    except UserError as error:
        sys.exit(f'{name}: error: {error}')


def _check_inputs(tool: Path, splits: tuple[str, ...]) -> None:
    """Look for what the tool is going to read, by its own reading of the arguments."""
    from mmengine.config import Config

    from .checkpoint import read_checkpoint
    from .data_check import is_switched_on, refuse_bad_data
    from .data_files import check_data

    functions = runpy.run_path(str(tool))
    args = functions['parse_args']()
    if not Path(args.config).is_file():
        raise MissingFileError(
            f'config {args.config} does not exist, seen from {Path.cwd()}'
        )
    config = functions['merge_args'](Config.fromfile(args.config), args)
    checkpoint = getattr(args, 'checkpoint', None) or config.get('load_from')
    if checkpoint and '://' not in checkpoint:
        if not Path(checkpoint).is_file():
            raise MissingFileError(
                f'checkpoint {checkpoint} does not exist, seen from {Path.cwd()}'
            )
        read_checkpoint(checkpoint)  # safely, which MMEngine does from torch 2.6 on
    check_data(config, splits)
    first = os.environ.get('RANK', os.environ.get('SLURM_PROCID', '0')) == '0'
    if first and is_switched_on(config):
        refuse_bad_data(config, splits)
