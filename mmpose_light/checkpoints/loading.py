"""Loading a checkpoint, and making sure that it belongs to the model.

MMEngine fills whatever keys match and logs a warning about the others, so the
checkpoint of another model gives a model with random weights, and results with no
meaning. Where nothing is to be trained afterwards, only a full match will do.
"""

import copy
import functools
import itertools
import math
import re
import warnings
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from ..utils.checkpoint import get_state_dict, read_checkpoint
from ..utils.errors import UserError

__all__ = ['find_misfit', 'find_whole_checkpoint', 'load_fitting', 'read_checkpoint']

_NAMED = 4  # how many keys of a kind an error message names


def find_misfit(model: nn.Module, checkpoint: dict, source: str | Path) -> str | None:
    """Say in what a checkpoint, a state dict or a dict with one, differs from a model.

    What counts is what gets loaded: modules may convert the keys of older checkpoints
    while they load, as MMPose's do with those from before MMPose 1.0
    (``keypoint_head.…``). Left over do not count: ``data_preprocessor.mean`` and ``std``, which the config
    tells today, and which older checkpoints hold besides. Missing do not: counts of
    batches, which torch begins anew.

    Returns:
        str, optional: How many keys are missing, left over or of another shape, with
        some of each kind named; ``None`` where the checkpoint fills the model.

    Raises:
        UserError: The checkpoint holds no state dict.
    """
    problems = _load_on_trial(model, get_state_dict(checkpoint, source))
    told = [
        f'{len(keys)} {kind} ({", ".join(keys[:_NAMED])}{", …" * (len(keys) > _NAMED)})'
        for kind, keys in problems.items()
        if keys
    ]
    if not told:
        return None
    return (
        f'checkpoint {source} does not fit the model {_describe(model)}: '
        f'of {len(model.state_dict())} keys, {"; ".join(told)}. '
        'Give the config that the checkpoint was trained with'
    )


def load_fitting(model: nn.Module, checkpoint: dict, source: str | Path) -> None:
    """Load a checkpoint into a model, all of it or not at all.

    ``source`` is where it came from, for the error message.

    Raises:
        UserError: The checkpoint does not fit (:func:`find_misfit`), or holds no
            state dict.
    """
    misfit = find_misfit(model, checkpoint, source)
    if misfit:
        raise UserError(misfit)
    model.load_state_dict(get_state_dict(checkpoint, source), strict=False)


def _load_on_trial(model: nn.Module, state: dict[str, Tensor]) -> dict[str, list[str]]:
    """Load weights into a copy without values; return the keys of each problem."""
    trial = copy.deepcopy(model).to('meta')
    reshaped = []

    def compare(module: nn.Module, state: dict, prefix: str, *_: Any) -> None:
        own = itertools.chain(
            module.named_parameters(recurse=False), module.named_buffers(recurse=False)
        )
        for name, value in own:
            given = state.get(prefix + name, value)
            if given.shape != value.shape:
                told = f'{tuple(given.shape)} for {tuple(value.shape)}'
                reshaped.append(f'{prefix}{name} {told}')
                state[prefix + name] = value

    for module in trial.modules():  # after the hooks that convert keys
        module._register_load_state_dict_pre_hook(functools.partial(compare, module))
    given = OrderedDict((key, value.to('meta')) for key, value in state.items())
    given._metadata = getattr(state, '_metadata', None) or OrderedDict()
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', UserWarning)  # nothing is copied
        try:
            missing, left = trial.load_state_dict(given, strict=False)
        except Exception:  # a hook that does not know such keys
            own = model.state_dict().keys()
            missing, left = sorted(own - state.keys()), sorted(state.keys() - own)
    return {
        'of another shape': reshaped,
        'missing': [k for k in missing if not k.endswith('.num_batches_tracked')],
        'not in the model': [k for k in left if not k.startswith('data_preprocessor.')],
    }


def find_whole_checkpoint(
    work_dir: str | Path, say: Callable[[str], Any]
) -> str | None:
    """Find the checkpoint that a training goes on from.

    That is the one that ``last_checkpoint`` names if it is whole, else the newest one
    before it that is; without that name the newest of all.

    Args:
        work_dir (str | Path): The training's folder.
        say (Callable[[str], Any]): Takes a line on each checkpoint that is passed over.

    Returns:
        str, optional: The file, ``None`` if there is no such.
    """
    for checkpoint in _list_checkpoints(Path(work_dir)):
        try:
            read_checkpoint(checkpoint)
        except (UserError, OSError) as error:
            say(f'{checkpoint} is not whole and is passed over: {error}')
        else:
            return checkpoint
    return None


def _list_checkpoints(work_dir: Path) -> list[str]:
    """Return the last checkpoint, then those before it, the newest first."""
    named = work_dir / 'last_checkpoint'
    last = named.read_text(errors='replace').strip() if named.is_file() else ''
    if '://' in last:  # its folder cannot be listed
        return [last]
    folder, limit, pattern = work_dir, math.inf, r'(?:epoch|iter)_(\d+)\.pth'
    if name := re.fullmatch(r'(.*?)(\d+)(\.\w+)', Path(last).name):
        start, number, end = name.groups()
        pattern, limit = rf'{re.escape(start)}(\d+){re.escape(end)}', int(number)
        if Path(last).parent.is_dir():  # else the run was moved
            folder = Path(last).parent
    found = {
        int(match[1]): str(path)
        for path in (folder.iterdir() if folder.is_dir() else ())
        if (match := re.fullmatch(pattern, path.name))
    }
    return [found[number] for number in sorted(found, reverse=True) if number <= limit]


def _describe(model: nn.Module) -> str:
    """The class of the model, and of its backbone where it has one."""
    names = [type(model).__name__]
    if isinstance(getattr(model, 'backbone', None), nn.Module):
        names.append(type(model.backbone).__name__)
    return ' with '.join(names)
