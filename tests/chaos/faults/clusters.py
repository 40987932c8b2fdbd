"""A Kafka cluster of three brokers for faults, and what is looked at in it."""

from __future__ import annotations

from chaos.command import Command
from chaos.runner import Runner
from tests.chaos.faults.shops import shop, view, world

QUICK = "msk, broker_session: 1s, key: message"
"""A controller that misses a broker after a second, and records that go to all partitions alike."""
LINKS = ["web => log => app"]


def cluster(*entries: Command, log: str = "", web: str = "rate: 100/s", app: str = "slots: 50, takes: 5ms") -> Runner:
    """A hundred records a second, patient producers, one group."""
    nodes = {
        "web": f"producer, arrivals: constant, deadline: 60s, {web}",
        "log": f"{QUICK}{', ' if log else ''}{log}",
        "app": f"service, {app}",
    }
    return shop(nodes, LINKS, *entries)


def brokers(run: Runner, figure: str = "up") -> list[int]:
    """That figure of each broker, now."""
    parts = [part for part in world(run).parts("log") if part.startswith("broker ")]
    return [int(view(run, "log", part, figure)) for part in parts]


def partition(run: Runner, figure: str, number: int = 0) -> int:
    """That figure of one partition, now."""
    return int(view(run, "log", f"partition {number}", figure))


def unanswered(run: Runner) -> int:
    """So many producers wait, now."""
    return run.frames()[0].flows[0].unanswered
