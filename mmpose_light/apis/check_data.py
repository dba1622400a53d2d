"""Whether the data of a config are fit to train or test on: ``check-data``."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .models import find_model

if TYPE_CHECKING:
    from ..utils.findings import Findings


def check_data(
    config: str | Path,
    splits: Sequence[str] = ('train', 'val'),
    opened: int | None = 1000,
) -> dict[str, 'Findings']:
    """Look through the data of a config, as is done before its first step.

    Args:
        config (str | Path): A config, in any of the ways that
            :mod:`mmpose_light.apis.models` tells.
        splits (Sequence[str]): Of ``'train'``, ``'val'`` and ``'test'``. Defaults to
            ``('train', 'val')``
        opened (int, optional): How many images of each file of annotations are opened
            to compare their sizes, ``None`` for all. Defaults to 1000

    Returns:
        dict[str, Findings]: What is wrong, by split and file.

    Raises:
        MissingFileError: If the config, or files that it names, do not exist.
    """
    from mmengine.config import Config

    from ..utils import data_files
    from ..utils.data_check import check_config

    cfg = Config.fromfile(find_model(config).config)
    data_files.check_data(cfg, splits)
    return check_config(cfg, splits, opened)
