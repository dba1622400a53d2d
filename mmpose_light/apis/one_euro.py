"""The 1€ filter: still points smoothed strongly, fast ones hardly."""

import numpy as np


class OneEuroFilter:
    """Smooth points over time (Casiez et al., CHI 2012).

    A low-pass filter whose cut-off frequency grows with the speed: little jitter where
    a point rests, little delay where it moves.

    Args:
        rate (float): Calls in a second.
        min_cutoff (float): Cut-off frequency at rest, in Hz. Defaults to 1
        beta (float): How much of the speed, in sizes a second, is added to it.
            Defaults to 3
        speed_cutoff (float): Cut-off frequency for the speed, in Hz. Defaults to 1

    Example:
        >>> smooth = OneEuroFilter(rate=25)
        >>> smooth(np.zeros(2)), smooth(np.full(2, 0.1)).round(3)
        (array([0., 0.]), array([0.039, 0.039]))
    """

    def __init__(
        self,
        rate: float,
        min_cutoff: float = 1.0,
        beta: float = 3.0,
        speed_cutoff: float = 1.0,
    ) -> None:
        self.rate = rate
        self.min_cutoff = min_cutoff
        self.beta = beta
        self.speed_cutoff = speed_cutoff
        self._last: np.ndarray | None = None
        self._speed: np.ndarray | float = 0.0

    def __call__(
        self,
        points: np.ndarray,
        size: float = 1.0,
        drift: np.ndarray | float = 0.0,
    ) -> np.ndarray:
        """Smooth the points of the next moment.

        Args:
            points (np.ndarray): Points of any shape, the same in each call.
            size (float): What speeds are measured by, in the points' units.
                Defaults to 1
            drift (np.ndarray | float): How far they are known to move from one call to
                the next, which is not delayed. Defaults to 0

        Returns:
            np.ndarray: The smoothed points.
        """
        if self._last is None:
            self._last = np.array(points, float)
            return self._last
        expected = self._last + drift
        speed = (points - expected) * self.rate / size
        self._speed += self._weight(self.speed_cutoff) * (speed - self._speed)
        cutoff = self.min_cutoff + self.beta * np.abs(self._speed)
        self._last = expected + self._weight(cutoff) * (points - expected)
        return self._last

    def _weight(self, cutoff: np.ndarray | float) -> np.ndarray | float:
        """Return the share of the new value for a cut-off frequency in Hz."""
        turn = 2 * np.pi * cutoff / self.rate
        return turn / (turn + 1)
