"""Limits on calls: a token bucket, and a quota for a stretch of time."""

from __future__ import annotations

from mypy_extensions import i64, mypyc_attr

from topology.message import Item


@mypyc_attr(allow_interpreted_subclasses=True)
class Bucket(Item):
    """A token bucket, full at first: each call takes a token; they come back at a rate, up to a most."""

    def __init__(self, most: float, now: i64) -> None:
        self.tokens = most
        self.at: i64 = now

    def level(self, now: i64, rate: float, most: float) -> float:
        """How many tokens there are now; `rate` is in tokens per second."""
        tokens = self.tokens + float(now - self.at) * 1e-9 * rate
        return tokens if tokens < most else most

    def grants(self, now: i64, rate: float, most: float, tokens: float = 1.0) -> bool:
        """Take so many tokens if there are as many."""
        self.tokens = self.level(now, rate, most)
        self.at = now
        if self.tokens < tokens:
            return False
        self.tokens -= tokens
        return True


@mypyc_attr(allow_interpreted_subclasses=True)
class Quota(Item):
    """How many calls were let through in the stretch of time that is running; stretches follow each other from instant 0."""

    def __init__(self) -> None:
        self.stretch: i64 = -1
        self.used: i64 = 0

    def grants(self, now: i64, calls: i64, per: i64) -> bool:
        """Count one call if the quota allows it; `per` is the length of a stretch in nanoseconds."""
        stretch: i64 = now // per
        if stretch != self.stretch:
            self.stretch = stretch
            self.used = 0
        if self.used >= calls:
            return False
        self.used += 1
        return True

    def spent(self, now: i64, per: i64) -> i64:
        """How many calls were let through in the stretch that is running."""
        return self.used if now // per == self.stretch else 0
