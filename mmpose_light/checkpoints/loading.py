"""Reading a checkpoint, and making sure that it belongs to the model.

MMEngine fills whatever keys match and logs a warning about the others, so the
checkpoint of another model gives a model with random weights, and results with no
meaning. Where nothing is to be trained afterwards, only a full match will do.
"""

import pickle
import re
import zipfile
from pathlib import Path

from mmengine.runner.checkpoint import _load_checkpoint
from torch import nn

_NAMED = 4  # how many keys of a kind an error message names


def read_checkpoint(source: str | Path) -> dict:
    """Read a checkpoint to the CPU, through torch's safe loader.

    Args:
        source (str | Path): A file, or an address that MMEngine can fetch.

    Returns:
        dict: The checkpoint; a plain state dict comes as it is.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is truncated or no checkpoint, or it holds objects that
            the safe loader refuses.
    """
    source = str(source)
    if '://' not in source and not Path(source).is_file():
        raise FileNotFoundError(f'checkpoint {source} does not exist')
    try:
        checkpoint = _load_checkpoint(source, map_location='cpu')
    except (
        RuntimeError,
        EOFError,
        KeyError,
        pickle.UnpicklingError,
        zipfile.BadZipFile,
    ) as error:
        refused = re.search(r'Unsupported (?:global|class).*', str(error))
        if refused:
            raise ValueError(
                f'checkpoint {source} holds more than weights and is refused by the '
                f'safe loader: {refused.group()}'
            ) from error
        raise ValueError(
            f'checkpoint {source} cannot be read, it is truncated or no checkpoint '
            f'({str(error).splitlines()[0] if str(error) else type(error).__name__}): '
            'copy or download it again'
        ) from error
    if not isinstance(checkpoint, dict):
        raise ValueError(
            f'checkpoint {source} holds a {type(checkpoint).__name__}, expected a '
            "state dict, or a dict with 'state_dict' in it"
        )
    return checkpoint


def find_misfit(model: nn.Module, checkpoint: dict, source: str | Path) -> str | None:
    """Say in what a checkpoint differs from a model.

    Args:
        model (nn.Module): The model to compare it with.
        checkpoint (dict): A state dict, or a dict with ``'state_dict'`` in it.
        source (str | Path): Where it came from, for the message.

    Returns:
        str, optional: How many keys are missing, left over or of another shape, with
        some of each kind named; ``None`` where the checkpoint fills the model.

    Example:
        >>> from torch import nn
        >>> find_misfit(nn.Linear(2, 3), nn.Linear(2, 3).state_dict(), 'linear.pth')
    """
    state, own = _state_of(checkpoint), model.state_dict()
    problems = {
        'of another shape': [
            f'{key} {tuple(state[key].shape)} for {tuple(value.shape)}'
            for key, value in own.items()
            if key in state and state[key].shape != value.shape
        ],
        'missing': [
            # torch counts batches anew where an old checkpoint has no count
            key
            for key in own
            if key not in state and not key.endswith('.num_batches_tracked')
        ],
        'not in the model': [key for key in state if key not in own],
    }
    told = [
        f'{len(keys)} {kind} ({", ".join(keys[:_NAMED])}{", …" * (len(keys) > _NAMED)})'
        for kind, keys in problems.items()
        if keys
    ]
    if not told:
        return None
    return (
        f'checkpoint {source} does not fit the model {_describe(model)}: '
        f'of {len(own)} keys, {"; ".join(told)}. '
        'Give the config that the checkpoint was trained with'
    )


def load_fitting(model: nn.Module, checkpoint: dict, source: str | Path) -> None:
    """Load a checkpoint into a model, all of it or not at all.

    Args:
        model (nn.Module): The model to fill.
        checkpoint (dict): What :func:`read_checkpoint` returned.
        source (str | Path): Where it came from, for the error message.

    Raises:
        ValueError: The checkpoint does not fit (:func:`find_misfit`).

    Example:
        >>> from torch import nn
        >>> load_fitting(nn.Linear(2, 3), nn.Linear(2, 3).state_dict(), 'linear.pth')
        >>> load_fitting(nn.Linear(2, 3), nn.Linear(5, 3).state_dict(), 'linear.pth')
        Traceback (most recent call last):
        ...
        ValueError: checkpoint linear.pth does not fit the model Linear: ...
    """
    misfit = find_misfit(model, checkpoint, source)
    if misfit:
        raise ValueError(misfit)
    model.load_state_dict(_state_of(checkpoint), strict=False)


def _state_of(checkpoint: dict) -> dict:
    """Return the weights of a checkpoint, named as in the model."""
    return {
        key.removeprefix('module.'): value
        for key, value in checkpoint.get('state_dict', checkpoint).items()
    }


def _describe(model: nn.Module) -> str:
    """The class of the model, and of its backbone where it has one."""
    names = [type(model).__name__]
    if isinstance(getattr(model, 'backbone', None), nn.Module):
        names.append(type(model.backbone).__name__)
    return ' with '.join(names)
