"""How sure a figure is: bootstrap confidence intervals over people.

The validation set is one sample of people. Sample as many of them from it, with
replacement, over and over; what a figure does from one of these resamples to the next is
about what it would do from one validation set to another (Efron's percentile interval).
Two networks are compared on the same resamples, so what is hard for both cancels out.
Nothing here tells how a network would turn out with other random numbers in its
training.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..utils.errors import UserError
from .people import PeopleResults, read_people, table_of
from .record import FINISHED, final_results

RESAMPLES, SEED = 2000, 0
#: The part of the resamples whose figures an interval holds.
CONFIDENCE = 0.95
#: How far a table's AP may be from its run's: processors and versions of OpenCV differ.
TOLERANCE = 2e-3
OKS_THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)


@dataclass(frozen=True)
class Interval:
    """A 95% confidence interval."""

    low: float  # its lower end
    high: float  # its upper end


def compute_figures(people: PeopleResults, counts: np.ndarray) -> dict[str, np.ndarray]:
    """Compute a network's figures on sets of the people.

    Args:
        people (PeopleResults): N people.
        counts (np.ndarray): How often each stands in a set, shape (sets, N).

    Returns:
        dict[str, np.ndarray]: ``'AP'`` and ``'PCK'``, 0 to 1, shape (sets,); PCK is NaN
        where nobody counts.
    """
    return dict(
        AP=average_precision(people.scores, people.oks, counts),
        PCK=pck(people.counted, people.found, counts),
    )


def resample(people: PeopleResults) -> dict[str, np.ndarray]:
    """Compute a network's figures on resamples, which are the same for every network."""
    number = len(people.scores)
    rng = np.random.default_rng(SEED)
    chances = np.full(number, 1 / number)
    return compute_figures(people, rng.multinomial(number, chances, RESAMPLES))


def make_interval(figures: np.ndarray) -> Interval:
    """Return the interval of a figure, or of a difference of two, over resamples."""
    tail = (1 - CONFIDENCE) / 2
    return Interval(*np.quantile(figures, [tail, 1 - tail]).tolist())


def average_precision(
    scores: np.ndarray, oks: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """Return COCO's AP of images of one person and one result each.

    Args:
        scores (np.ndarray): The results' scores, shape (N,).
        oks (np.ndarray): Their similarities to the truth, shape (N,).
        counts (np.ndarray): How often each image stands in a set, shape (sets, N).

    Returns:
        np.ndarray: Mean over OKS thresholds 0.50 to 0.95 of the precision
        interpolated at 101 recalls, 0 to 1, shape (sets,).
    """
    order = np.argsort(-scores, kind='stable')
    counts, oks = counts[:, order], oks[order]
    seen = counts.cumsum(axis=1)
    recalled = np.empty((len(counts), len(OKS_THRESHOLDS)))
    for column, threshold in enumerate(OKS_THRESHOLDS):
        hits = (counts * (oks >= threshold)).cumsum(axis=1)
        precision = hits / np.maximum(seen, 1)
        precision = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        recall = hits / seen[:, -1:]
        for row in range(len(counts)):
            places = np.searchsorted(recall[row], RECALLS, side='left')
            reached = places < len(order)
            recalled[row, column] = precision[row, places[reached]].sum() / len(RECALLS)
    return recalled.mean(axis=1)


def pck(counted: np.ndarray, found: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return PCK: the mean over the keypoints of the part of people on whom each is found.

    Args:
        counted (np.ndarray): Keypoints that count, bool, shape (N, K).
        found (np.ndarray): Those of them that were found, bool, shape (N, K).
        counts (np.ndarray): How often each person stands in a set, shape (sets, N).

    Returns:
        np.ndarray: PCK, 0 to 1, shape (sets,); NaN where no keypoint counts.
    """
    total = counts @ counted.astype(float)
    hits = counts @ found.astype(float)
    measured = total > 0
    parts = np.divide(hits, total, out=np.zeros_like(hits), where=measured)
    with np.errstate(invalid='ignore'):
        return parts.sum(axis=1) / measured.sum(axis=1)


def read_tables(
    folder: str | Path, records: Sequence[dict[str, Any]]
) -> dict[str, PeopleResults]:
    """Read the tables of the finished runs that have one, by the networks' names.

    Raises:
        UserError: If one is no table, or does not give the AP and PCK of its run.
    """
    tables = {}
    for record in records:
        name = record['network']
        path = table_of(folder, name)
        if record['status'] != FINISHED or not path.is_file():
            continue
        people, expected = read_people(path), final_results(record)
        once = np.ones((1, len(people.scores)))
        for key, (value,) in compute_figures(people, once).items():
            if abs(value - (expected[key] or 0)) > TOLERANCE:
                raise UserError(
                    f'{path} gives {key} {value:.3f}, and the run of {name} ended with '
                    f'{expected[key]:.3f}: write it anew with `mmpose-light study '
                    f'evaluate --networks {name}`'
                )
        tables[name] = people
    return tables
