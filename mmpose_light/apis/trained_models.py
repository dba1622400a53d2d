"""The trained models that come with this package, by the names in its metafiles.

A model in ``configs/*/metafile.yml`` that has ``Weights`` is one of them.
"""

from dataclasses import dataclass
from pathlib import Path

import yaml

from ..utils.repository import find_repository


@dataclass(frozen=True)
class TrainedModel:
    """A model with its weights.

    Attributes:
        name (str): Its short name.
        config (Path): Its config file.
        weights (Path): Its checkpoint.
    """

    name: str
    config: Path
    weights: Path


def list_trained_models() -> dict[str, TrainedModel]:
    """List the models that have weights.

    Returns:
        dict[str, TrainedModel]: By short name (``Alias`` in the metafile); none where
        the package came without its metafiles.
    """
    try:
        root = find_repository()
        index = yaml.safe_load((root / 'model-index.yml').read_text(encoding='utf-8'))
    except FileNotFoundError:
        return {}
    entries = [
        entry
        for metafile in index['Import']
        for entry in yaml.safe_load((root / metafile).read_text('utf-8'))['Models']
    ]
    return {
        entry['Alias']: TrainedModel(
            entry['Alias'], root / entry['Config'], root / entry['Weights']
        )
        for entry in entries
        if {'Alias', 'Weights'} <= entry.keys()
    }


def is_trained_model(name: str | Path) -> bool:
    """Return whether a name is that of a trained model, and not of a file.

    Args:
        name (str | Path): A short name, or anything else that names a model.

    Returns:
        bool: Whether :func:`with_weights` finds its weights.
    """
    return str(name) in list_trained_models() and not Path(name).is_file()


def describe_trained_models() -> str:
    """Say what names there are, for help texts and errors.

    Returns:
        str: Such as "a trained model's name (el-hrnet-w32-lspet-cpu)".
    """
    names = ', '.join(list_trained_models())
    return f"a trained model's name ({names or 'none came with this package'})"


def find_model(
    config: str | Path, checkpoint: str | Path | None
) -> tuple[Path, str | Path | None]:
    """Replace the name of a trained model by its files, and look for the config.

    Args:
        config (str | Path): A config file, or the short name of a trained model.
        checkpoint (str | Path, optional): As of :func:`with_weights`.

    Returns:
        tuple[Path, str | Path | None]: Config file and checkpoint.

    Raises:
        FileNotFoundError: If there is no such config, or the weights of a name are
            missing.
        ValueError: If a short name comes with a checkpoint.
    """
    config, checkpoint = with_weights(config, checkpoint)
    if not Path(config).is_file():
        raise FileNotFoundError(
            f'config {config} does not exist; {describe_trained_models()} would do, too'
        )
    return Path(config), checkpoint


def with_weights(
    config: str | Path, checkpoint: str | Path | None
) -> tuple[str | Path, str | Path | None]:
    """Replace the name of a trained model by its files.

    Args:
        config (str | Path): A config, or the short name of a trained model.
        checkpoint (str | Path, optional): The weights; with a short name, ``None``.

    Returns:
        tuple[str | Path, str | Path | None]: Config and checkpoint; for anything but a
        short name, what was given.

    Raises:
        FileNotFoundError: If the weights of that name are missing.
        ValueError: If a short name comes with a checkpoint.

    Example:
        >>> from mmpose_light.apis.trained_models import with_weights
        >>> with_weights('config.py', 'best.pth')
        ('config.py', 'best.pth')
        >>> _, weights = with_weights('el-hrnet-w32-lspet-cpu', None)
        >>> weights.parent.name
        'weights'
    """
    if not is_trained_model(config):
        return config, checkpoint
    model = list_trained_models()[str(config)]
    if checkpoint is not None:
        raise ValueError(
            f'{model.name} has its own weights: leave checkpoint {checkpoint} out, or '
            f'give the config {model.config}'
        )
    if not model.weights.is_file():
        raise FileNotFoundError(
            f'the weights of {model.name} are missing: {model.weights}. Check the '
            'repository out again, or install the package again'
        )
    return model.config, model.weights
