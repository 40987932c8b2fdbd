"""Services behind a listen queue: the kernel's, in which connections wait for a process to accept them."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.message import REFUSED, RESET, Item, reason
from topology.node import Call, Context
from topology.nodes.service import Service
from topology.parameters import choice, count

SYN: Final = 20
"""The tag of the timer of a client that tries again to connect."""
FIRST_SYN: Final = 1_000_000_000
MOST_SYNS: Final = 6
"""Linux tries to connect again after 1 s, then twice that each time, six times (tcp_syn_retries); after 127 s it gives up."""
NO_CONNECTION: Final = reason("connection timed out")


def listen_params(backlog: int, source: str) -> dict[str, Any]:
    """The parameters of a listen queue, with the default of the server that is meant."""
    return {
        "backlog": count(
            backlog,
            "Connections that wait in the listen queue at most, while all slots are taken.",
            ge=1,
            le=65_535,
            source=source,
        ),
        "overflow": choice(
            "drop",
            "What becomes of a connection when the listen queue is full: its packets are dropped, so that the client tries again "
            "after 1 s, 3 s, 7 s …, or it is reset at once (tcp_abort_on_overflow).",
            options=("drop", "reset"),
            source="Linux kernel documentation, ip-sysctl, tcp_abort_on_overflow and tcp_syn_retries",
        ),
    }


@mypyc_attr(allow_interpreted_subclasses=True)
class Listening(Service):
    """A service whose waiting calls stand in a bounded listen queue. What overflows it hears nothing and tries again."""

    inlet_params: ClassVar[dict[str, Any]] = {}

    def __init__(self) -> None:
        super().__init__()
        self.backlog: i64 = 0
        self.resets = False
        self.overflowed: i64 = 0

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.backlog = values["backlog"]
        self.resets = values["overflow"] == "reset"
        super().configure(ctx, values, policies)

    def on_message(self, ctx: Context, call: Call) -> None:
        if self.busy < self.slots or self.waiting.count < self.backlog or call.handoff:
            super().on_message(ctx, call)
            return
        self.overflowed += 1
        if self.resets:
            ctx.answer(call, REFUSED, RESET)
            return
        call.step = 0
        ctx.after(FIRST_SYN, SYN, call)

    def on_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag != SYN:
            super().on_timer(ctx, tag, item)
            return
        assert isinstance(item, Call)
        if self.busy < self.slots or self.waiting.count < self.backlog:
            item.step = 0
            super().on_message(ctx, item)
            return
        item.step += 1
        if item.left >= 0 or item.step > MOST_SYNS:
            ctx.answer(item, REFUSED, NO_CONNECTION)
            return
        wait: i64 = FIRST_SYN
        i: i64 = 0
        while i < item.step:
            wait *= 2
            i += 1
        ctx.after(wait, SYN, item)

    def gauges(self, ctx: Context) -> dict[str, float]:
        return super().gauges(ctx) | {"overflowed": float(self.overflowed)}
