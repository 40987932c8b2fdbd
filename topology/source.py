"""What all who offer messages have in common, the outside world and what runs by the clock: how an answer reaches them."""

from __future__ import annotations

from mypy_extensions import i64, mypyc_attr

from topology.message import NONE, REFUSED, SILENT, YES, Message
from topology.node import Call, Context, Node


@mypyc_attr(allow_interpreted_subclasses=True)
class Source(Node):
    """Sends each message over its links, one after the other, and is told once what came of it."""

    def on_answer(self, ctx: Context, call: Call) -> None:
        message = call.message
        if message.answer != NONE:
            return
        if call.outcome == YES:
            message.step += 1
            if message.step < ctx.links:
                ctx.send(message.step, message, message)
                return
            self.tell(ctx, message, YES, 0)
        elif call.outcome == REFUSED and message.step == 0:
            self.tell(ctx, message, REFUSED, call.reason)
        else:
            self.tell(ctx, message, SILENT, call.reason)

    def tell(self, ctx: Context, message: Message, outcome: i64, code: int) -> None:
        """A message has its answer, or its patience has ended: put it away, and tell the world."""
        raise TypeError(f"{type(self).__name__} does not take answers")
