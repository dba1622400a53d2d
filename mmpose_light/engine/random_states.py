"""Random numbers that follow from what is trained on, and not from what ran before.

Every random state of a training is made anew of the run's seed and of where it stands:
the model's at each epoch's start, a sample's augmentation of its index in the data set.
So an epoch is the same whether the run was interrupted before it or not, and a sample
is the same whichever worker and process draws it. MMEngine alone starts workers with
the same random numbers after a resume, and in every epoch without
``persistent_workers``.
"""

import contextlib
import random
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset


def seed_everything(*key: int) -> None:
    """Seed the random numbers of Python, numpy and torch, on every device.

    Args:
        *key (int): Whole numbers that they follow from, such as seed and epoch.

    Example:
        >>> seed_everything(0, 7)
        >>> first = torch.rand(1)
        >>> seed_everything(0, 7)
        >>> assert torch.rand(1) == first
    """
    seed = _mix(key)
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


@contextlib.contextmanager
def random_numbers_of(*key: int) -> Iterator[None]:
    """Draw the random numbers of a key on the CPU, then go on with those from before.

    Args:
        *key (int): Whole numbers that they follow from.
    """
    seed, states = _mix(key), (random.getstate(), np.random.get_state())
    with torch.random.fork_rng(devices=[]):
        random.seed(seed)
        np.random.seed(seed)
        torch.random.default_generator.manual_seed(seed)
        try:
            yield
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])


class SeededItems:
    """Gets the items of a data set, each with random numbers of its own.

    A loader asks a data set's ``__getitems__`` for a batch, where there is one.

    Args:
        dataset (Dataset): The data set, whose items are those of a training's epoch.
        seed (int): The run's seed.

    Attributes:
        epoch (torch.Tensor): The epoch, which workers see change.
    """

    def __init__(self, dataset: Dataset, seed: int) -> None:
        self.dataset, self.seed = dataset, seed
        self.epoch = torch.zeros((), dtype=torch.int64).share_memory_()

    def __call__(self, indices: Sequence[int]) -> list[Any]:
        """Return the items.

        Args:
            indices (Sequence[int]): Their indices.
        """
        items = []
        for index in indices:
            with random_numbers_of(self.seed, int(self.epoch), index):
                items.append(self.dataset[index])
        return items


def _mix(key: Sequence[int]) -> int:
    """Make a seed that every library takes of several numbers."""
    return int(np.random.SeedSequence(key).generate_state(1)[0])
