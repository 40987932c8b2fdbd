"""Durations that vary: distributions drawn by the inverse of their distribution function, in integer nanoseconds."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64, mypyc_attr

from topology.chance import exp, ln, normal

P99: Final = 2.3263478740408408
"""The 99 % quantile of the standard normal."""
LONGEST: Final = 1 << 61
"""About 73 years: no draw is longer, so that instants never overflow."""


def whole(ns: float) -> int:
    """Round a float of nanoseconds to a whole number from 0 to about 73 years: the only place where draws are rounded."""
    if ns <= 0.0:
        return 0
    if ns >= 2.305843009213694e18:
        return LONGEST
    return int(ns + 0.5)


@mypyc_attr(allow_interpreted_subclasses=True)
class Dist:
    """A constant duration, and the base of those that vary. `text` is its canonical spelling."""

    def __init__(self, text: str, mean: float) -> None:
        self.text = text
        self.mean = mean
        self.varies = True

    def sample(self, u: float) -> i64:
        """The duration in nanoseconds at the quantile u, a number in (0, 1)."""
        return whole(self.mean)

    def mean_ns(self) -> float:
        """The mean in nanoseconds (infinite for a Pareto of alpha up to 1)."""
        return self.mean

    def quantile(self, q: float) -> int:
        """The duration in nanoseconds that a share q of the draws stays below."""
        return self.sample(q)


class Constant(Dist):
    """Always the same."""

    def __init__(self, ns: int) -> None:
        super().__init__(f"constant({ns})", float(ns))
        self.varies = False
        self.ns: i64 = ns

    def sample(self, u: float) -> i64:
        return self.ns


class Exponential(Dist):
    """Memoryless, with a mean."""

    def __init__(self, mean_ns: int) -> None:
        super().__init__(f"exponential({mean_ns})", float(mean_ns))

    def sample(self, u: float) -> i64:
        return whole(-ln(u) * self.mean)

    def quantile(self, q: float) -> int:
        return self.sample(1.0 - q)


class LogNormal(Dist):
    """Log-normal, given by its median and its 99th percentile."""

    def __init__(self, median_ns: int, p99_ns: int) -> None:
        self.mu = ln(float(median_ns))
        self.sigma = (ln(float(p99_ns)) - self.mu) / P99
        super().__init__(f"lognormal({median_ns},{p99_ns})", exp(self.mu + self.sigma * self.sigma / 2.0))

    def sample(self, u: float) -> i64:
        return whole(exp(self.mu + self.sigma * normal(u)))


class Uniform(Dist):
    """Any length between two bounds, each as likely."""

    def __init__(self, low_ns: int, high_ns: int) -> None:
        super().__init__(f"uniform({low_ns},{high_ns})", (float(low_ns) + float(high_ns)) / 2.0)
        self.low = float(low_ns)
        self.width = float(high_ns) - float(low_ns)

    def sample(self, u: float) -> i64:
        return whole(self.low + u * self.width)


class Pareto(Dist):
    """Heavy-tailed: at least `min`, with tail index alpha."""

    def __init__(self, min_ns: int, alpha: float) -> None:
        mean = float(min_ns) * alpha / (alpha - 1.0) if alpha > 1.0 else float("inf")
        super().__init__(f"pareto({min_ns},{alpha!r})", mean)
        self.low = float(min_ns)
        self.alpha = alpha

    def sample(self, u: float) -> i64:
        return whole(self.low * exp(-ln(u) / self.alpha))

    def quantile(self, q: float) -> int:
        return self.sample(1.0 - q)


class Empirical(Dist):
    """Any of the values measured, each as likely."""

    def __init__(self, values_ns: list[int]) -> None:
        self.values = sorted(values_ns)
        text = ",".join(str(v) for v in self.values)
        super().__init__(f"empirical({text})", sum(self.values) / len(self.values))

    def sample(self, u: float) -> i64:
        return self.values[int(u * len(self.values))]


def constant(ns: int) -> Dist:
    """Always `ns` nanoseconds."""
    return Constant(ns)


def exponential(mean_ns: int) -> Dist:
    """Exponential with a mean in nanoseconds."""
    return Exponential(mean_ns)


def lognormal(median_ns: int, p99_ns: int) -> Dist:
    """Log-normal with a median and a 99th percentile in nanoseconds; both positive, p99 >= median."""
    return LogNormal(median_ns, p99_ns)


def uniform(low_ns: int, high_ns: int) -> Dist:
    """Uniform between two bounds in nanoseconds."""
    return Uniform(low_ns, high_ns)


def pareto(min_ns: int, alpha: float) -> Dist:
    """Pareto with a minimum in nanoseconds and a positive tail index."""
    return Pareto(min_ns, alpha)


def empirical(values_ns: list[int]) -> Dist:
    """One of the given values in nanoseconds; at least one value."""
    return Empirical(values_ns)
