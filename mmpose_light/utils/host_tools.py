"""Runs the command line tools that MMPose ships in its own package."""

import runpy
from pathlib import Path


def run_host_tool(name: str) -> None:
    """Run a tool of MMPose with the arguments of this process.

    MMPose installs its ``tools`` folder as ``mmpose/.mim/tools``. Running them from
    here, with ``mmpose_light`` imported, they know its modules and read checkpoints,
    whatever the config imports.

    Args:
        name (str): The tool's path in that folder, such as ``train.py``.

    Raises:
        FileNotFoundError: If the installed MMPose has no such tool.

    Example:
        >>> from mmpose_light.utils.host_tools import run_host_tool
        >>> run_host_tool('train.py')  # doctest: +SKIP
    """
    import mmpose

    tool = Path(mmpose.__file__).parent / '.mim' / 'tools' / name
    if not tool.is_file():
        raise FileNotFoundError(
            f'The installed MMPose {mmpose.__version__} has no tool {name!r} ({tool} '
            'does not exist). Its wheel ships it: '
            '`pip install --no-deps --force-reinstall mmpose==1.3.2`.'
        )
    runpy.run_path(str(tool), run_name='__main__')
