"""Compares an exported file with the model that it was made of."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: The largest difference from PyTorch, relative to the range of the outputs, that is
#: rounding and not a mistake. Eight bits are no rounding: what they cost is told by the
#: accuracy, and this limit stops only what has come out as noise.
TOLERANCES = {'fp32': 1e-4, 'fp16': 2e-2, 'int8': 0.5}

#: How many times the network's own rounding a file's may be, and be as good.
ALIKE = 3


@dataclass(frozen=True)
class Difference:
    """How far an output lies from PyTorch's, over all people."""

    name: str  # the output
    largest: float  # the largest difference
    #: The same, relative to the range of PyTorch's values, zero among them.
    relative: float
    mean: float  # the mean difference, relative to that range


def compare(
    names: Sequence[str], found: Sequence[np.ndarray], expected: Sequence[np.ndarray]
) -> list[Difference]:
    """Compare the outputs of these names: what the file gives, what is expected.

    Returns a difference for each; infinite where a value is not finite.

    Raises:
        ValueError: If a shape differs.
    """
    differences = []
    for name, ours, theirs in zip(names, found, expected, strict=True):
        if ours.shape != theirs.shape:
            raise ValueError(
                f'output {name} has shape {ours.shape}, and PyTorch gives '
                f'{theirs.shape}'
            )
        apart = np.nan_to_num(np.abs(ours - theirs), nan=np.inf)
        extent = float(max(theirs.max(), 0) - min(theirs.min(), 0)) or 1.0
        largest = float(apart.max())
        mean = float(apart.mean())
        differences.append(Difference(name, largest, largest / extent, mean / extent))
    return differences


def as_exact(
    names: Sequence[str],
    found: Sequence[np.ndarray],
    expected: Sequence[np.ndarray],
    exact: Sequence[np.ndarray],
) -> bool:
    """Say whether a file's outputs are as near to the exact ones as the network's.

    A network that is hardly trained may round so much that single precision tells
    little: then the file may differ from it, and be as good.
    """
    ours, own = (
        max(item.relative for item in compare(names, given, exact))
        for given in (found, expected)
    )
    return np.isfinite(own) and ours <= ALIKE * own
