"""Retries."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.chance import Dice
from topology.message import YES, lasts
from topology.node import Call, Context
from topology.parameters import choice, count, duration
from topology.policy import LinkPolicy

PAGE: Final = "AWS Architecture Blog, Exponential Backoff And Jitter"


@mypyc_attr(allow_interpreted_subclasses=True)
class Retry(LinkPolicy):
    """After a failed attempt try again, up to so many attempts in all; the attempt given up may still be running below.
    What another attempt would only meet again (a bad request, an address that is none) is not tried again.

    The back-off is fixed, or doubles each time up to `max`. Jitter spreads it: full (anything from 0 to the back-off),
    equal (half fixed, half random), decorrelated (from `backoff` to three times the delay before).
    """

    params: ClassVar[dict[str, Any]] = {
        "attempts": count(3, "Attempts in all, the first one included.", ge=1, le=1000),
        "backoff": duration("100ms", "The delay before the second attempt.", ge="0s", le="1h"),
        "max": duration("20s", "No delay is longer.", ge="0s", le="1h"),
        "style": choice("exponential", "Whether the delay doubles each time.", options=("fixed", "exponential")),
        "jitter": choice(
            "full", "How the delay is spread.", options=("none", "full", "equal", "decorrelated"), source=PAGE
        ),
    }

    def configure(self, ctx: Context, values: dict[str, Any], name: str) -> None:
        self.attempts: i64 = values["attempts"]
        self.backoff: i64 = values["backoff"]
        self.longest: i64 = values["max"]
        self.doubles: bool = values["style"] == "exponential"
        self.jitter: str = values["jitter"]
        self.dice: Dice = ctx.dice("retry " + name)

    def again(self, ctx: Context, call: Call) -> i64:
        if call.outcome == YES or call.tries >= self.attempts or lasts(call.reason):
            return -1
        full = self._full(call.tries)
        if self.jitter == "none":
            return full
        u = self.dice.uniform(call.message.root, call.tries)
        if self.jitter == "full":
            return int(float(full) * u)
        if self.jitter == "equal":
            return int(float(full) * (0.5 + 0.5 * u))
        return self._decorrelated(call)

    def _full(self, tries: i64) -> i64:
        delay = self.backoff
        if self.doubles:
            n: i64 = 1
            while n < tries and delay < self.longest:
                delay *= 2
                n += 1
        return delay if delay < self.longest else self.longest

    def _decorrelated(self, call: Call) -> i64:
        """Each delay is drawn from the one before; they are drawn again from the first, so that nothing is kept."""
        delay = self.backoff
        n: i64 = 1
        while n <= call.tries:
            low = float(self.backoff)
            high = float(delay) * 3.0
            drawn: i64 = int(low + (high - low) * self.dice.uniform(call.message.root, n))
            delay = drawn if drawn < self.longest else self.longest
            n += 1
        return delay
