"""Where configs, tools and weights lie: in the checkout or the installed package."""

from pathlib import Path

import mmpose_light

from .errors import MissingFileError


def find_repository() -> Path:
    """Find the checkout, or ``mmpose_light/.mim`` of the installed package.

    Raises:
        MissingFileError: If there is neither: the package came without its configs.
    """
    package = Path(mmpose_light.__file__).parent
    for folder in (package / '.mim', package.parent):
        if (folder / 'configs' / 'el_hrnet').is_dir():
            return folder
    raise MissingFileError(
        f'the configs of mmpose_light are neither below {package} nor beside it: '
        'install it with `pip install .` from a checkout, or work in the checkout'
    )
