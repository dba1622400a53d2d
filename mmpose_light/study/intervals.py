"""How sure a figure is: AP and PCK over people drawn again (the bootstrap).

The validation set is one draw of people. Draw as many of them, with repetition, over and
over; what a figure does from draw to draw is what it would do from one validation set to
another. Two networks are compared on the same draws, so what is hard for both cancels
out. Nothing here tells how a network would turn out with other random numbers in its
training.
"""

from dataclasses import dataclass

import numpy as np

from .people import PeopleResults

DRAWS, SEED = 2000, 0
#: The part of the draws that an interval holds.
LEVEL = 0.95
OKS_THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)


@dataclass(frozen=True)
class Interval:
    """A figure and how sure it is.

    Attributes:
        value (float): On the people as they are.
        low (float): The lower end of the interval.
        high (float): Its upper end.
        positive (float): The part of the draws in which it is above 0.
    """

    value: float
    low: float
    high: float
    positive: float


@dataclass(frozen=True)
class Draws:
    """A network's AP and PCK, from 0 to 1, on the people and on every draw.

    Attributes:
        ap (np.ndarray): AP, shape (1 + draws,); the first is of the people as they are.
        pck (np.ndarray): PCK, likewise.
    """

    ap: np.ndarray
    pck: np.ndarray

    @classmethod
    def of_people(cls, people: PeopleResults, draws: int = DRAWS) -> 'Draws':
        """Draw people; those of as many people are drawn alike for every network."""
        number = len(people.scores)
        rng = np.random.default_rng(SEED)
        chances = np.full(number, 1 / number)
        counts = np.concatenate(
            [np.ones((1, number)), rng.multinomial(number, chances, draws)]
        )
        return cls(
            average_precision(people.scores, people.oks, counts),
            keypoints_found(people.labelled, people.found, counts),
        )


def make_interval(values: np.ndarray) -> Interval:
    """Return what the draws tell of a figure, or of a difference of two."""
    value, *drawn = values
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(
        float(value), float(low), float(high), float(np.mean(np.array(drawn) > 0))
    )


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


def keypoints_found(
    labelled: np.ndarray, found: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """Return PCK: the mean over the keypoints of the part of people on whom each is found.

    Args:
        labelled (np.ndarray): Keypoints that count, bool, shape (N, K).
        found (np.ndarray): Those of them that were found, bool, shape (N, K).
        counts (np.ndarray): How often each person stands in a set, shape (sets, N).

    Returns:
        np.ndarray: PCK, 0 to 1, shape (sets,).
    """
    total = counts @ labelled.astype(float)
    hits = counts @ found.astype(float)
    with np.errstate(invalid='ignore'):
        return np.nanmean(np.where(total > 0, hits / total, np.nan), axis=1)
