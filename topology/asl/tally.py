"""What became of a state in all executions of a machine."""

from __future__ import annotations


class Tally:
    """How often a state was entered, how many are in it now, and how it went wrong; instants in nanoseconds since 1970."""

    __slots__ = ("caught", "entered", "failed", "now", "retried", "stopped", "wrong_ns")

    def __init__(self) -> None:
        self.entered = 0
        self.now = 0
        self.failed = 0
        """It failed, and neither its Retry nor its Catch saw to it."""
        self.caught = 0
        """It failed, and its Catch went on."""
        self.retried = 0
        """Attempts that failed and were followed by another one."""
        self.stopped = 0
        """It was given up in the middle: a branch beside it failed, or the execution had taken too long."""
        self.wrong_ns = {"failed": -1, "caught": -1, "retried": -1}
        """When each of these happened last; -1 for never."""

    def enter(self) -> None:
        """Somebody comes in."""
        self.entered += 1
        self.now += 1

    def fail(self, now_ns: int) -> None:
        """It failed for good."""
        self.failed += 1
        self.wrong_ns["failed"] = now_ns

    def catch(self, now_ns: int) -> None:
        """It failed, and is caught."""
        self.caught += 1
        self.wrong_ns["caught"] = now_ns

    def retry(self, now_ns: int) -> None:
        """It failed, and is tried again."""
        self.retried += 1
        self.wrong_ns["retried"] = now_ns
