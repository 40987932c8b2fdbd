"""What all push services have in common: a message comes in once, a copy of it goes out over each link that lets it pass.

The first attempts hold nothing of their own: the message that came in is kept until each of them has its outcome. A copy
whose attempt failed is kept by itself from then on, tried again by the service's schedule, and given up in the end: to a
dead-letter queue, or for good.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.chain import Chain, Knot
from topology.chance import Dice
from topology.message import REFUSED, UNMATCHED, YES, Item, Mix, lasts, reason
from topology.node import PUSH, Call, Context, Node, content_of
from topology.nodes.sqs import Entry

AGAIN: Final = 0
OWN: Final = 100
"""Tags of timers from here on belong to the kinds themselves."""
GIVEN_UP: Final = reason("given up after its last retry, no dead-letter queue")
NO_DEAD_LETTERS: Final = reason("its dead-letter queue takes nothing")
FOR_DEAD: Final = reason("given up after its last retry")


@mypyc_attr(acyclic=True, allow_interpreted_subclasses=True)
class Publication(Item):
    """One message that came in, and how many of its first attempts have no outcome yet."""

    def __init__(self, call: Call) -> None:
        self.call: Call = call
        self.left: i64 = 1
        self.missed = False
        """Whether some link did not let it pass."""
        self.why: int = UNMATCHED
        """The reason, where one did not, or where a copy was given up at once."""


@mypyc_attr(acyclic=True, allow_interpreted_subclasses=True)
class Copy(Knot):
    """One copy that is tried again. `since` is when the message came in; `tries` counts the attempts so far."""

    def __init__(self, call: Call, link: i64, since: i64) -> None:
        self.call: Call = call
        self.link: i64 = link
        self.since: i64 = since
        self.tries: i64 = 1
        self.reason: int = 0
        self.waiting = False


class Subscriber(Item):
    """One link out of a push service, as the service keeps it: who, where its dead letters go, and what it has had so far."""

    def __init__(self, link: i64, callee: str, dead_to: str) -> None:
        self.link: i64 = link
        self.callee = callee
        self.dead_to = dead_to
        self.on = True
        self.plain = True
        """Whether a copy is just sent; else its kind says how it begins."""
        self.delivered: i64 = 0
        self.unmatched: i64 = 0
        self.failed: i64 = 0
        self.retrying: i64 = 0
        self.dead: i64 = 0
        self.dropped: i64 = 0


@mypyc_attr(allow_interpreted_subclasses=True)
class Pusher(Node):
    """Accepts at once, keeps durably, delivers to each of its links, and tries again by a schedule.

    A kind says which links let a message pass (`routes`), what a copy carries (`rewrites`), and when a copy is tried again
    (`delay_ns`). While its API is down it delivers nothing, and what it keeps stays.
    """

    role: ClassVar[str] = PUSH
    managed: ClassVar[bool] = True
    layers: ClassVar[dict[str, str]] = {"no_dead_letters": "either"}
    """While `no_dead_letters` lies here, the dead-letter queues that it was told of take nothing from it."""

    def __init__(self) -> None:
        self.subscribers: list[Subscriber] = []
        self.copies = Chain()
        self.kept: i64 = 0
        self.down = False
        self.published: i64 = 0

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.retry_dice: Dice = ctx.dice("retries")
        links = values["out"]
        link: i64 = len(self.subscribers)
        while link < len(links):
            dead = links[link].get("dead_letter")
            self.subscribers.append(self.subscriber(link, links[link]["to"], dead or ""))
            link += 1
        for one in self.subscribers:
            self.subscribe(ctx, one, links[one.link])
        self.arrange(ctx, values)

    # What a kind says

    def arrange(self, ctx: Context, values: dict[str, Any]) -> None:
        """Take over the kind's own values, at the start and again whenever one is set."""

    def subscribe(self, ctx: Context, one: Subscriber, values: dict[str, Any]) -> None:
        """Take over the settings of one link."""

    def subscriber(self, link: i64, callee: str, dead_to: str) -> Subscriber:
        """What is kept of a link."""
        return Subscriber(link, callee, dead_to)

    def refusal(self, ctx: Context, call: Call) -> int:
        """Why the API turns a message away; 0 when it takes it."""
        return 0

    def routes(self, ctx: Context, call: Call, one: Subscriber) -> bool:
        """Whether a message goes out over a link."""
        return True

    def rewrites(self, ctx: Context, call: Call, one: Subscriber) -> Mix | None:
        """What a copy for a link carries."""
        return content_of(call)

    def begin(self, ctx: Context, made: Publication, one: Subscriber) -> None:
        """Begin with a copy for a link that is not plain."""

    def again(self, ctx: Context, copy: Copy, one: Subscriber) -> None:
        """Make the next attempt with a copy, now."""
        ctx.send_as(copy.link, copy, copy.call.message, copy.call.content)

    def ended(self, ctx: Context, copy: Copy, one: Subscriber, delivered: bool) -> None:
        """A copy that was kept by itself is delivered, or given up."""

    def delay_ns(self, ctx: Context, copy: Copy, one: Subscriber) -> i64:
        """How long after its latest failure a copy is tried again; below 0: never."""
        return -1

    # In

    def on_message(self, ctx: Context, call: Call) -> None:
        code = self.refusal(ctx, call)
        if code:
            ctx.answer(call, REFUSED, code)
            return
        ctx.accept(call)
        self.publish(ctx, call)

    def publish(self, ctx: Context, call: Call) -> None:
        """Send a copy of what was accepted over each link that lets it pass."""
        self.published += 1
        self.kept += 1
        message = call.message
        made = Publication(call)
        for one in self.subscribers:
            if one.on and self.routes(ctx, call, one):
                if one.plain:
                    made.left += 1
                    ctx.send_as(one.link, made, message, self.rewrites(ctx, call, one))
                else:
                    self.begin(ctx, made, one)
            else:
                one.unmatched += 1
                made.missed = True
        self._heard(ctx, made)

    def _heard(self, ctx: Context, made: Publication) -> None:
        """One outcome more; after the last the message itself is kept no more."""
        made.left -= 1
        if made.left == 0:
            self.kept -= 1
            ctx.finish(made.call, not made.missed, made.why if made.missed else 0)

    # Out

    def on_answer(self, ctx: Context, call: Call) -> None:
        cause = call.cause
        one = self.subscribers[call.link]
        if isinstance(cause, Publication):
            if call.outcome == YES:
                one.delivered += 1
            else:
                copy = Copy(ctx.retain(call.link, call.message, call.content), call.link, cause.call.sent)
                copy.reason = call.reason
                self.keep(ctx, copy, one)
                if lasts(copy.reason) and not one.dead_to:
                    cause.why = copy.reason
            self._heard(ctx, cause)
            return
        assert isinstance(cause, Copy)
        self.tried(ctx, cause, one, call.outcome == YES, call.reason)

    def tried(self, ctx: Context, copy: Copy, one: Subscriber, delivered: bool, code: int) -> None:
        """An attempt with a copy that is kept by itself has its outcome."""
        copy.reason = code
        copy.tries += 1
        if delivered:
            one.delivered += 1
            self._forget(copy, one)
            ctx.finish(copy.call, False, 0)  # the part behind the link was done by the attempt, and is not done once more
            self.ended(ctx, copy, one, True)
        else:
            self._failed(ctx, copy, one)

    def keep(self, ctx: Context, copy: Copy, one: Subscriber) -> None:
        """A copy whose first attempt failed is kept by itself."""
        self.hold(copy, one)
        self._failed(ctx, copy, one)

    def hold(self, copy: Copy, one: Subscriber) -> None:
        """From now on a copy is kept by itself."""
        self.copies.put_after(self.copies.last, copy)
        self.kept += 1
        one.retrying += 1

    def _forget(self, copy: Copy, one: Subscriber) -> None:
        self.copies.take_out(copy)
        self.kept -= 1
        one.retrying -= 1

    def _failed(self, ctx: Context, copy: Copy, one: Subscriber) -> None:
        """Its latest attempt failed: wait, or give it up."""
        one.failed += 1
        delay: i64 = -1
        if not lasts(copy.reason):
            delay = self.delay_ns(ctx, copy, one)
        if delay >= 0:
            ctx.after(delay, AGAIN, copy)
        else:
            self.give_up(ctx, copy, one)

    def give_up(self, ctx: Context, copy: Copy, one: Subscriber) -> None:
        """To the dead-letter queue of its link, or for good, with the reason of its latest failure."""
        self._forget(copy, one)
        if not one.dead_to:
            one.dropped += 1
            ctx.finish(copy.call, False, copy.reason if lasts(copy.reason) else GIVEN_UP)
        elif not ctx.ready(one.dead_to) or ctx.strength("no_dead_letters") > 0.0:
            one.dropped += 1
            ctx.finish(copy.call, False, NO_DEAD_LETTERS)
        else:
            one.dead += 1
            ctx.bury(copy.call, FOR_DEAD)
            entry = Entry(copy.call, copy.since)
            entry.buried = True
            ctx.transfer(one.dead_to, entry)
        self.ended(ctx, copy, one, False)

    def on_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag != AGAIN:
            self.on_own_timer(ctx, tag, item)
            return
        assert isinstance(item, Copy)
        if self.down:
            item.waiting = True
        else:
            self.again(ctx, item, self.subscribers[item.link])

    def on_own_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        """A timer that the kind set itself, with a tag from `OWN` on."""

    def on_crash(self, ctx: Context) -> None:
        self.down = True

    def on_revival(self, ctx: Context) -> None:
        self.down = False
        waiting: list[Copy] = []
        knot = self.copies.first
        while knot is not None:
            assert isinstance(knot, Copy)
            if knot.waiting:
                waiting.append(knot)
            knot = knot.behind
        for copy in waiting:
            copy.waiting = False
            self.again(ctx, copy, self.subscribers[copy.link])

    def on_close(self) -> None:
        self.copies.clear()

    # Looking

    def minds(self, layer: str) -> bool:
        return layer != "no_dead_letters" or any([one.dead_to != "" for one in self.subscribers])

    def depth(self) -> int:
        return self.kept

    def oldest(self, now: int) -> int:
        first = self.copies.first
        return now - first.since if isinstance(first, Copy) else 0

    def gauges(self, ctx: Context) -> dict[str, float]:
        return {
            "published": float(self.published),
            "retrying": float(sum([int(one.retrying) for one in self.subscribers])),
            "dropped": float(sum([int(one.dropped) for one in self.subscribers])),
        }

    def views(self, ctx: Context) -> dict[str, dict[str, float]]:
        return {
            f"=> {one.callee}": {
                "delivered": float(one.delivered),
                "unmatched": float(one.unmatched),
                "failed": float(one.failed),
                "retrying": float(one.retrying),
                "dead": float(one.dead),
                "dropped": float(one.dropped),
            }
            for one in self.subscribers
        }
