"""How Amazon SNS waits between the attempts of one delivery: four phases, at once, evenly, longer and longer, evenly again."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from topology.chance import exp, ln
from topology.dist import whole

SECOND: Final = 1_000_000_000
LINEAR: Final = "linear"
ARITHMETIC: Final = "arithmetic"
GEOMETRIC: Final = "geometric"
EXPONENTIAL: Final = "exponential"
BACKOFFS: Final = (LINEAR, ARITHMETIC, GEOMETRIC, EXPONENTIAL)


class Phases:
    """A schedule of retries. Delays are in nanoseconds; retries count from 1."""

    def __init__(self, first: list[int], rest: i64, apart: i64) -> None:
        self.first = first
        """The delays of the phases before the last, one by one."""
        self.rest: i64 = rest
        self.apart: i64 = apart
        """The last phase: so many, so far apart."""

    def retries(self) -> i64:
        """How many retries there are in all."""
        return len(self.first) + self.rest

    def delay_ns(self, retry: i64) -> i64:
        """How long after a failure that retry follows; -1 when there are no more."""
        n: i64 = len(self.first)
        if retry <= n:
            return self.first[retry - 1]
        return self.apart if retry <= n + self.rest else -1

    def total_ns(self) -> int:
        """How long it goes on, when every attempt fails at once."""
        rest: int = self.rest
        return sum(self.first) + rest * int(self.apart)


def phases(immediate: int, before: int, backoff: int, after: int, low: int, high: int, style: str) -> Phases:
    """Retries at once, `before` of them `low` apart, `backoff` growing from `low` to `high`, and `after` of them `high` apart."""
    first = [0] * immediate + [low] * before
    for i in range(backoff):
        first.append(low if backoff == 1 else grown(low, high, style, i, backoff - 1))
    return Phases(first, after, high)


def grown(low: int, high: int, style: str, i: int, last: int) -> int:
    """The delay of retry i, from 0 to `last`, of a backoff from `low` to `high`.

    The documentation names four functions and draws their curves, and gives no formulas; these have the curves' order.
    """
    if style == GEOMETRIC:
        return whole(float(low) * exp(ln(float(high) / float(low)) * float(i) / float(last)))
    if style == EXPONENTIAL:
        return low + (high - low) * int(2**i - 1) // int(2**last - 1)
    if style == ARITHMETIC:
        return low + (high - low) * i * (i + 1) // (last * (last + 1))
    return low + (high - low) * i // last


MANAGED: Final = phases(3, 2, 10, 100_000, SECOND, 20 * SECOND, EXPONENTIAL)
"""For SQS, Lambda and Firehose: 100,015 retries over 23 days."""

CUSTOMER: Final = phases(0, 2, 10, 38, 10 * SECOND, 600 * SECOND, EXPONENTIAL)
"""For SMTP, SMS and mobile push: 50 retries over 6 hours."""

HTTP: Final = phases(0, 0, 3, 0, 20 * SECOND, 20 * SECOND, LINEAR)
"""For HTTP, unless the subscription has a policy of its own: three retries, 20 s apart."""
