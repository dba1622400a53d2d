"""Models as config and checkpoint, for callers that still hold the two apart.

:mod:`mmpose_light.apis.models` finds them.
"""

from pathlib import Path

from . import models


def is_trained_model(name: str | Path) -> bool:
    """Return whether a name is that of a trained model, and not of a file."""
    return str(name) in models.list_models(trained=True) and not Path(name).is_file()


def describe_trained_models() -> str:
    """Say what names there are, such as "a trained model's name (a-b-c)"."""
    names = ', '.join(models.list_models(trained=True))
    return f"a trained model's name ({names or 'none came with this package'})"


def find_model(
    config: str | Path, checkpoint: str | Path | None
) -> tuple[Path, Path | str | None]:
    """Return config file and checkpoint of a model."""
    found = models.find_model(config, checkpoint)
    return found.config, found.weights
