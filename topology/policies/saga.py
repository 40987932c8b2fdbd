"""Sagas."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.message import REFUSED, YES
from topology.node import Call, Context
from topology.parameters import count, duration
from topology.policy import NODE, NodePolicy

PAGE: Final = "Garcia-Molina and Salem, Sagas (SIGMOD 1987)"
UNDO: Final = 4
"""The tag of the timer after which a compensation is tried again."""
LONGEST: Final = 60_000_000_000
"""No such delay is longer than a minute."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Saga(NodePolicy):
    """When a step of a service fails for good, the steps before it are taken back, the last first, by compensating calls
    over the same links; then the caller is told no. What is taken back counts as not done, so nothing stays half done.
    The slot is held meanwhile. A compensation that keeps failing leaves things half done after all; so does a step that was
    given up and is executed after its compensation, and a crash of the service itself, which keeps no log of its sagas.
    """

    on: ClassVar[str] = NODE
    kinds: ClassVar[tuple[str, ...]] = ("service",)
    params: ClassVar[dict[str, Any]] = {
        "attempts": count(5, "How often a compensation that fails is tried in all.", ge=1, le=1000),
        "backoff": duration("100ms", "The delay before it is tried again; it doubles each time.", ge="0s", le="1h"),
    }

    def configure(self, ctx: Context, values: dict[str, Any], name: str) -> None:
        self.attempts: i64 = values["attempts"]
        self.backoff: i64 = values["backoff"]

    def begins(self, cause: Call, step: Call, beside: i64) -> None:
        """A step failed for good. What it may have done itself, unheard, is taken back, too.

        The first `beside` links were called all at once, so any of them may have done something.
        """
        cause.backwards = True
        cause.reason = step.reason
        cause.work = 0
        if step.link < beside:
            cause.step = beside
        elif step.outcome == REFUSED and not step.unsure:
            cause.step = step.link
        else:
            cause.step = step.link + 1

    def goes_on(self, ctx: Context, cause: Call) -> bool:
        """Take back the step before; False when there is none."""
        if cause.step <= 0:
            return False
        cause.step -= 1
        ctx.send_undo(cause.step, cause, cause.message)
        return True

    def took_back(self, ctx: Context, call: Call, cause: Call) -> bool:
        """A compensation was answered: try it again while it fails, then take back the one before; False at the end."""
        cause.work += 1
        if call.outcome != YES:
            if cause.work < self.attempts:
                ctx.after(self._delay(cause.work), UNDO, cause)
                return True
            ctx.note(f"gave up taking back: {cause.work} attempts failed")
        cause.work = 0
        return self.goes_on(ctx, cause)

    def _delay(self, failed: i64) -> i64:
        delay = self.backoff
        n: i64 = 1
        while n < failed and delay < LONGEST:
            delay *= 2
            n += 1
        return delay if delay < LONGEST else LONGEST

    def tries_again(self, ctx: Context, cause: Call) -> None:
        """The delay is over: the same compensation once more."""
        if not cause.ended:
            ctx.send_undo(cause.step, cause, cause.message)
