"""How EventBridge and its Scheduler wait between attempts: twice as long each time, up to a most, with jitter."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from topology.chance import Dice
from topology.dist import whole
from topology.parameters import count, duration, group

RETRIES: Final = "EventBridge User Guide, How EventBridge retries delivering events"
FIRST: Final = 1_000_000_000
LONGEST: Final = 512_000_000_000
"""The service says only "exponential back off and jitter"; with these, 185 attempts take a little over 24 hours."""


def retry_group(source: str) -> object:
    """The retry policy of a target: how long, and how often."""
    return group(
        {
            "attempts": count(185, "Attempts after the first (MaximumRetryAttempts).", ge=0, le=185, source=source),
            "age": duration(
                "24h", "After this it is given up (MaximumEventAgeInSeconds).", ge="60s", le="24h", source=source
            ),
        },
        "How often and how long a delivery that failed is tried again; left out: 185 times within 24 hours.",
        source=source,
    )


class BackingOff:
    """One retry policy."""

    def __init__(self, attempts: i64, age: i64, first: i64 = FIRST, longest: i64 = LONGEST) -> None:
        self.attempts: i64 = attempts
        self.age: i64 = age
        self.first: i64 = first
        self.longest: i64 = longest

    def delay(self, dice: Dice, root: i64, tries: i64, since: i64, now: i64) -> i64:
        """How long after the failure of attempt `tries` (from 1) the next is made, in nanoseconds; below 0: never."""
        if tries > self.attempts:
            return -1
        wait: i64 = self.first
        n: i64 = 1
        while n < tries and wait < self.longest:
            wait = wait * 2
            n += 1
        if wait > self.longest:
            wait = self.longest
        jittered = whole(float(wait) * (0.75 + 0.5 * dice.uniform(root, tries)))
        return jittered if now + jittered - since <= self.age else -1


DAY: Final = 24 * 3_600_000_000_000


def backing_off(values: dict[str, int] | None) -> BackingOff:
    """From the inner values of `retry_group`."""
    return BackingOff(185, DAY) if values is None else BackingOff(values["attempts"], values["age"])
