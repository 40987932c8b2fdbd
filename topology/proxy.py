"""What passes calls on and holds no slot for them: the common half of balancers and gateways."""

from __future__ import annotations

from typing import ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.chance import text_hash
from topology.message import ERROR, REFUSED, REFUSED_CONNECTION, RESET, YES, Item, Message, reason
from topology.node import PROXY, Call, Context, Node
from topology.queues.waiting import Waiting

BAD_GATEWAY: Final = reason("bad gateway (502)")
GATEWAY_TIMEOUT: Final = reason("gateway timeout (504)")
TIMED_OUT: Final = 9
"""The tag of the timer that looks for calls that took too long; kinds number theirs from 0."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Proxy(Node):
    """Passes each call on and its answer back. An answer of whom it calls is its answer; who cannot be reached is a 502,
    and who says nothing for too long a 504.
    """

    role: ClassVar[str] = PROXY

    def __init__(self) -> None:
        self.open = Waiting()
        """Calls that are being passed on, the oldest first."""
        self.silence: i64 = 0
        """How long it waits for an answer, in nanoseconds; 0: for ever."""
        self.watching = False

    def opened(self, ctx: Context, call: Call) -> None:
        """A call is about to be passed on."""
        call.started = ctx.now
        self.open.add(call)
        if self.silence > 0 and not self.watching:
            self.watching = True
            ctx.after(self.silence, TIMED_OUT, None)

    def on_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag != TIMED_OUT:
            return
        self.watching = False
        while self.silence > 0:
            call = self.open.oldest
            if call is None:
                return
            left: i64 = call.started + self.silence - ctx.now
            if left > 0:
                self.watching = True
                ctx.after(left, TIMED_OUT, None)
                return
            self.open.remove(call)
            ctx.answer(call, ERROR, GATEWAY_TIMEOUT)

    def on_answer(self, ctx: Context, call: Call) -> None:
        cause = call.cause
        assert isinstance(cause, Call)
        if cause.ended:
            return
        self.open.remove(cause)
        if call.outcome == YES:
            ctx.answer(cause, YES, 0)
        else:
            self.failed(ctx, cause, call)

    def failed(self, ctx: Context, cause: Call, call: Call) -> None:
        """Whom it called did not say yes; a proxy for HTTP says so in its own words."""
        code = call.reason & 0xFFFF
        if code in (REFUSED_CONNECTION, RESET):
            ctx.answer(cause, ERROR, BAD_GATEWAY)
        elif call.outcome == REFUSED:
            ctx.answer(cause, REFUSED, call.reason)
        else:
            ctx.answer(cause, ERROR, call.reason)

    def on_crash(self, ctx: Context) -> None:
        self.open.clear()
        self.watching = False

    def on_close(self) -> None:
        self.open.clear()


def client_of(message: Message) -> i64:
    """The number of the client that a message comes from; clients of different producers have different numbers."""
    flow = message.flow
    return (flow.index + 1) * 16777216 + message.n % flow.clients


def connection_of(call: Call) -> i64:
    """The number of the connection that a call comes over: that of a producer's client, or of the replica that calls."""
    caller = call.caller
    if caller is None or caller.node == call.message.flow.producer:
        return client_of(call.message)
    return text_hash(caller.name) | 1


def owner_of(message: Message, by: str) -> i64:
    """The number of the client, tenant or key that a message belongs to; 0 where it has none, or `by` is all."""
    if by == "client":
        return client_of(message)
    if by == "tenant":
        return message.tenant
    return message.key if by == "key" else 0
