"""How sure several seeds make us: Wilson's interval for a share of seeds, a bootstrap interval for a mean.

The messages of one run lean on each other, so no interval is ever read from one run alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import itemgetter

from topology.chance import Dice

Interval = tuple[float, float]

Z = 1.959963984540054
"""The standard normal quantile of 0.975: intervals hold 95 % of the time."""
TAIL = 0.025
RESAMPLES = 1000
MOST_RESAMPLED = 50
"""From so many seeds on, a mean is normal for all that matters here, and resampling would only take time."""


def wilson(held: int, of: int) -> Interval:
    """The 95 % interval for a share of which `held` in `of` trials were seen; (0, 1) without a trial."""
    if not of:
        return (0.0, 1.0)
    share, z2 = held / of, Z * Z
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = Z / (1 + z2 / of) * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return (0.0 if held == 0 else max(0.0, middle - half), 1.0 if held == of else min(1.0, middle + half))


def mean(values: Sequence[float]) -> float:
    """The mean of at least one value."""
    return math.fsum(values) / len(values)


def deviation(values: Sequence[float]) -> float:
    """The sample standard deviation; 0 for a single value."""
    if len(values) < 2:
        return 0.0
    middle = mean(values)
    return math.sqrt(math.fsum((value - middle) ** 2 for value in values) / (len(values) - 1))


def bootstrap(values: Sequence[float]) -> Interval | None:
    """The 95 % percentile-bootstrap interval of the mean; None for fewer than two values.

    Seeds are drawn anew, with replacement, by our own dice: the same values always give the same interval.
    """
    n = len(values)
    if n < 2:
        return None
    if min(values) == max(values):
        return (values[0], values[0])
    if n > MOST_RESAMPLED:
        half = Z * deviation(values) / math.sqrt(n)
        return (mean(values) - half, mean(values) + half)
    return _resampled(tuple(values))


@lru_cache(maxsize=512)
def _resampled(values: tuple[float, ...]) -> Interval:
    """Many figures have the same values as another one, such as the latency and the completion of a chain of calls."""
    sums = sorted([sum(pick(values)) for pick in _resamples(len(values))])
    low = int(TAIL * RESAMPLES)
    return (sums[low] / len(values), sums[RESAMPLES - 1 - low] / len(values))


@lru_cache(maxsize=4)
def _resamples(n: int) -> tuple[Callable[[Sequence[float]], tuple[float, ...]], ...]:
    """What picks the values of each resample out of n: the same for every figure, so that they stay comparable."""
    dice = Dice(n, "bootstrap")
    return tuple(itemgetter(*(int(dice.uniform(row, column) * n) for column in range(n))) for row in range(RESAMPLES))
