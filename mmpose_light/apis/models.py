"""Building a model from its config, with all of its weights or with random ones."""

import warnings
from pathlib import Path

from mmengine.device import get_device
from mmpose.apis import init_model
from torch import nn

from ..checkpoints.loading import load_fitting, read_checkpoint
from .infer import choose_device


def load_model(
    config: str | Path, checkpoint: str | Path | None, device: str = 'auto'
) -> nn.Module:
    """Build a model and fill it, all of it.

    Args:
        config (str | Path): Config file of a model.
        checkpoint (str | Path, optional): The weights that belong to it; ``None`` for
            random ones, with a warning.
        device (str): 'cpu', 'cuda', 'cuda:1' …, or 'auto': a GPU where there is one.
            Defaults to ``'auto'``

    Returns:
        nn.Module: The model in eval mode, with its ``cfg`` and ``dataset_meta``.

    Raises:
        FileNotFoundError: If config or checkpoint does not exist.
        ValueError: If the checkpoint is broken or does not fit, or there is no such
            device.

    Example:
        >>> from mmpose_light.apis.models import load_model
        >>> model = load_model('config.py', 'best.pth')  # doctest: +SKIP
    """
    device = choose_device(device) or get_device()
    weights = None if checkpoint is None else read_checkpoint(checkpoint)
    model = init_model(Path(config), device=device)
    if weights is None:
        warnings.warn(
            'no checkpoint: the weights are random and the results mean nothing',
            RuntimeWarning,
            stacklevel=3,
        )
        return model
    load_fitting(model, weights, checkpoint)
    model.dataset_meta = (
        weights.get('meta', {}).get('dataset_meta') or model.dataset_meta
    )
    return model
