"""What a sender of e-mail is judged by: how many of its latest mails bounced or were called spam, and how many it sent."""

from __future__ import annotations

from mypy_extensions import i64


class Limits:
    """The bounce rate and the complaint rate from which something is done."""

    def __init__(self, bounces: float, complaints: float) -> None:
        self.bounces = bounces
        self.complaints = complaints


class Reputation:
    """Hard bounces and complaints that came in during the latest `volume` mails. The sums are exact."""

    def __init__(self, volume: i64) -> None:
        self.volume: i64 = volume
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        self.at: i64 = 0
        self.sent: i64 = 0
        self.bounced: i64 = 0
        self.complained: i64 = 0
        self.bounces: list[int] = [0] * int(self.volume)
        self.complaints: list[int] = [0] * int(self.volume)

    def send(self) -> None:
        """One mail more; what came in during the oldest counts no longer."""
        at: i64 = self.at + 1
        if at == self.volume:
            at = 0
        self.at = at
        self.sent += 1
        self.bounced -= self.bounces[at]
        self.complained -= self.complaints[at]
        self.bounces[at] = 0
        self.complaints[at] = 0

    def bounce(self) -> None:
        """A mail bounced for good."""
        self.bounces[self.at] += 1
        self.bounced += 1

    def complain(self) -> None:
        """A mail was called spam."""
        self.complaints[self.at] += 1
        self.complained += 1

    def exceeds(self, limits: Limits) -> bool:
        """Whether one of the rates has reached its limit; fewer mails than the volume say nothing."""
        if self.sent < self.volume:
            return False
        return self.bounce_rate() >= limits.bounces or self.complaint_rate() >= limits.complaints

    def _share(self, count: i64) -> float:
        most: i64 = self.sent if self.sent < self.volume else self.volume
        return float(count) / float(most) if most > 0 else 0.0

    def bounce_rate(self) -> float:
        """Hard bounces per mail."""
        return self._share(self.bounced)

    def complaint_rate(self) -> float:
        """Complaints per mail."""
        return self._share(self.complained)


class Rolling:
    """How much was counted in the stretch of time that ends now, by `bins` equal bins and the one that is running."""

    def __init__(self, span: i64, bins: i64) -> None:
        self.width: i64 = span // bins
        self.counts: list[int] = [0] * (int(bins) + 1)
        self.newest: i64 = 0
        self.total: i64 = 0

    def used(self, now: i64) -> i64:
        """How much there is; what was counted leaves between `span` and one bin more after it."""
        bins: i64 = len(self.counts)
        latest: i64 = now // self.width
        steps: i64 = latest - self.newest
        if steps > bins:
            steps = bins
        while steps > 0:
            steps -= 1
            place: i64 = (latest - steps) % bins
            self.total -= self.counts[place]
            self.counts[place] = 0
        if latest > self.newest:
            self.newest = latest
        return self.total

    def add(self, now: i64, n: i64) -> None:
        """Count so many."""
        self.used(now)
        place: i64 = self.newest % len(self.counts)
        self.counts[place] += n
        self.total += n
