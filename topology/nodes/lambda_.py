"""AWS Lambda functions."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.chain import Chain, Knot
from topology.chance import Dice
from topology.functions.function import OWN, Function, Invocation
from topology.functions.mapping import INLET_PARAMS, Mapped, backs_off, repeated
from topology.message import ERROR, REFUSED, TOO_MANY, YES, Item, Message, reason
from topology.node import QUEUE, Call, Context
from topology.parameters import choice, count, dist, duration, flag, node, share
from topology.problems import Refused
from topology.push.pushing import NO_DEAD_LETTERS
from topology.queues.backlog import Entry

RETRY: Final = OWN

SETTINGS: Final = "AWS Lambda Developer Guide, Configure Lambda function timeout"
CONCURRENCY: Final = "AWS Lambda Developer Guide, Understanding Lambda function scaling"
SCALING: Final = "AWS Lambda Developer Guide, Lambda scaling behavior"
COLD_STARTS: Final = "AWS Lambda Operator Guide, Lambda execution environments"
ASYNC: Final = "AWS Lambda Developer Guide, How Lambda handles errors and retries with asynchronous invocation"
RECORDS: Final = "AWS Lambda Developer Guide, Capturing records of Lambda asynchronous invocations"
RECURSION: Final = "AWS Lambda Developer Guide, Use Lambda recursive loop detection to prevent infinite loops"

MINUTE: Final = 60_000_000_000
UNRESERVED: Final = 100
"""So much of an account's concurrency can not be reserved."""
MOST_HOPS: Final = 16
"""Invocations in one chain of requests, before the next is stopped."""
ON_FAILURE: Final = "on_failure"
ON_SUCCESS: Final = "on_success"

FAILED_ALL: Final = reason("failed each of its attempts")
TOO_OLD: Final = reason("too old before it could run (maximum event age)")
RECURSIVE: Final = reason("stopped in a recursive loop")
NO_RECORD: Final = reason("its failure destination takes nothing")


class Event(Knot):
    """One asynchronous invocation in the function's own queue, from its acceptance until it is done or given up."""

    def __init__(self, call: Call, since: i64) -> None:
        self.call: Call = call
        self.since: i64 = since
        self.failures: i64 = 0
        self.throttles: i64 = 0
        self.running = False
        self.held = False
        """Whether its time came while the service was down."""
        self.records: i64 = 0
        """So many failure destinations have not answered yet."""
        self.recorded = False
        self.code: int = 0


class Record(Item):
    """What a success destination is told."""


class Destination(Item):
    """A link that takes records, and what became of them."""

    def __init__(self, link: i64, callee: str) -> None:
        self.link: i64 = link
        self.callee = callee
        self.taken: i64 = 0
        self.failed: i64 = 0


@mypyc_attr(allow_interpreted_subclasses=True)
class Lambda(Mapped):
    """An AWS Lambda function: an invocation takes one environment and one unit of concurrency; where none is free, it is
    throttled. A new environment starts cold.

    A call (`->`) waits for the answer; throttled, it is refused (429). What is handed to it (`=>`) is accepted at once into a
    queue of its own: errors are tried again after one and two minutes, throttles for up to six hours. From a queue it takes
    batches: each is one invocation, and a failed one comes back when its visibility ends. Its own links are calls and
    hand-offs that it makes while it works, or destinations. Each function has an account of its own.
    """

    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 20/s}
  resize: {kind: lambda, takes: 100ms, timeout: 3s, dead_letter: graveyard}
  done: {kind: sqs}
  graveyard: {kind: sqs}
designs:
  only:
    links: [web => resize, {link: resize => done, destination: on_success}]
"""
    selects: ClassVar[tuple[str, ...]] = ("destination",)
    link_params: ClassVar[dict[str, Any]] = {
        "destination": choice(
            None,
            "What the link is told: the record of an asynchronous invocation that succeeded, or failed for good; left out: the "
            "function calls it while it works.",
            options=(ON_FAILURE, ON_SUCCESS),
            source=RECORDS,
        ),
    }
    inlet_params: ClassVar[dict[str, Any]] = INLET_PARAMS
    layers: ClassVar[dict[str, str]] = {**Function.layers, "no_dead_letters": "either", "recursive": "either"}
    """`recursive`: the share of the executions that invoke the function itself once more, asynchronously, when they are done."""
    params: ClassVar[dict[str, Any]] = {
        "takes": dist("50ms", "Its own work for one message; a batch takes as long as all of its messages.", gt="0s"),
        "fails": share(0, "The share of executions that end in an error, after the work."),
        "timeout": duration("3s", "An invocation that takes longer ends with an error.", ge="1s", le="15m", source=SETTINGS),
        "init": dist(
            {"median": "300ms", "p99": "1s"}, "How long a new environment takes to start (a cold start).", source=COLD_STARTS
        ),
        "idle": duration("10m", "How long an idle environment stays warm.", gt="0s", le="1d"),
        "account": count(1_000, "Invocations at once in the account.", ge=1, le=1_000_000, source=CONCURRENCY),
        "reserved": count(
            None, "Invocations of this function at once; 0: none. Left out: what the account has.", ge=0, source=CONCURRENCY
        ),
        "provisioned": count(0, "Environments that are always ready.", ge=0, le=1_000_000, source=CONCURRENCY),
        "scaling": count(1_000, "New environments in 10 seconds, at the most.", ge=1, le=1_000_000, source=SCALING),
        "retries": count(2, "How often an asynchronous invocation that failed is tried again.", ge=0, le=2, source=ASYNC),
        "max_age": duration(
            "6h", "An asynchronous invocation that is older is given up.", ge="60s", le="6h", source=ASYNC
        ),
        "dead_letter": node(
            None, "The queue that takes asynchronous invocations that were given up.", options=(QUEUE,), source=RECORDS
        ),
        "recursion_guard": flag(
            True, "Whether a chain of requests that comes back to it is stopped after 16 invocations.", source=RECURSION
        ),
    }

    def __init__(self) -> None:
        super().__init__()
        self.events = Chain()
        self.kept: i64 = 0
        self.running: i64 = 0
        self.retried: i64 = 0
        self.dropped: i64 = 0
        self.dead: i64 = 0
        self.stopped: i64 = 0
        self.destinations: list[Destination] = []
        self.on_failure: list[Destination] = []
        self.on_success: list[Destination] = []
        self.hops: dict[int, int] = {}
        """How often messages that came back to it were handed on again."""
        self.hands_on = False
        self.recursive = 0.0

    @staticmethod
    def prepare(values: dict[str, Any]) -> dict[str, Any]:
        """See that what is reserved or always ready is there; Refused names the place of what is not."""
        reserved = values["reserved"]
        most = values["account"] - UNRESERVED
        if reserved is not None and reserved > max(most, 0):
            raise Refused(("reserved",), f"{reserved}; {UNRESERVED} of the account's {values['account']} stay unreserved")
        limit = values["account"] if reserved is None else reserved
        if values["provisioned"] > limit:
            raise Refused(("provisioned",), f"{values['provisioned']} always ready, and only {limit} may run at once")
        return values

    @staticmethod
    def prepare_link(values: dict[str, Any]) -> None:
        """See that a record is handed on: nobody waits for an answer to it."""
        if values["destination"] is not None and values["mode"] != "=>":
            raise Refused(("destination",), f"a record is handed on; write => {values['to']}")

    # Settings

    def arrange(self, ctx: Context, values: dict[str, Any]) -> None:
        self.retries: i64 = values["retries"]
        self.max_age: i64 = values["max_age"]
        self.dead_to: str = values["dead_letter"] or ""
        self.guarded: bool = values["recursion_guard"]
        self.recursion_dice: Dice = ctx.dice("recursion")
        if not self.destinations:
            self._read_links(values["out"])
        super().arrange(ctx, values)

    def _read_links(self, links: list[dict[str, Any]]) -> None:
        """Links with a destination take records; the others are part of the work."""
        self.work_links = []
        for i, link in enumerate(links):
            destination = link.get("destination")
            if destination is None:
                self.work_links.append(i)
                self.hands_on = self.hands_on or link["mode"] == "=>"
                continue
            one = Destination(i, link["to"])
            self.destinations.append(one)
            if destination == ON_FAILURE:
                self.on_failure.append(one)
            else:
                self.on_success.append(one)

    def on_revival(self, ctx: Context) -> None:
        super().on_revival(ctx)
        held: list[Event] = []
        knot = self.events.first
        while knot is not None:
            assert isinstance(knot, Event)
            if knot.held:
                held.append(knot)
            knot = knot.behind
        for event in held:
            event.held = False
            self._try(ctx, event)

    def on_close(self) -> None:
        self.events.clear()
        super().on_close()

    # Called

    def on_message(self, ctx: Context, call: Call) -> None:
        if call.handoff:
            ctx.accept(call)
            self._take(ctx, call)
        elif self.guarded and self._loops(call.message):
            ctx.answer(call, ERROR, RECURSIVE)
        elif not self.runs(ctx, Invocation([call], None)):
            ctx.answer(call, REFUSED, TOO_MANY)

    def _take(self, ctx: Context, call: Call) -> None:
        """One more asynchronous invocation."""
        event = Event(call, ctx.now)
        self.events.put_after(self.events.last, event)
        self.kept += 1
        if self.guarded and self._loops(call.message):
            self._give_up(ctx, event, RECURSIVE)
        else:
            self._try(ctx, event)

    def _loops(self, message: Message) -> bool:
        """Whether a message came back so often that this is a loop."""
        if not self.hops or self.hops.get(message.root, 0) < MOST_HOPS - 1:
            return False
        self.stopped += 1
        return True

    def processed(self, ctx: Context, invocation: Invocation, call: Call) -> None:
        """Handing on what came back is one more round of a loop; what is only tried again is not."""
        recurs = self._recurs(call)
        if (self.hands_on or recurs) and call.visit > 0 and self.guarded:
            owner = invocation.owner
            again = owner.failures > 0 if isinstance(owner, Event) else repeated(call)
            if not again:
                self.hops[call.message.root] = self.hops.get(call.message.root, 0) + 1
        if recurs:
            self._take(ctx, ctx.repeat(call))

    def _recurs(self, call: Call) -> bool:
        """Whether this execution invokes its own function once more, by mistake."""
        if self.recursive == 0.0 or call.undo:
            return False
        return self.recursion_dice.uniform(call.message.root, call.visit) < self.recursive

    def on_layers(self, ctx: Context) -> None:
        super().on_layers(ctx)
        self.recursive = ctx.strength("recursive")

    def stops(self, ctx: Context, call: Call) -> bool:
        if not self.guarded or not self._loops(call.message):
            return False
        ctx.answer(call, ERROR, RECURSIVE)
        return True

    def over(self, ctx: Context, invocation: Invocation, code: int) -> None:
        owner = invocation.owner
        if isinstance(owner, Event):
            self._event_over(ctx, owner, code)
        elif owner is not None:
            super().over(ctx, invocation, code)
        else:
            ctx.answer(invocation.calls[0], ERROR if code else YES, code)

    # Asynchronous

    def _try(self, ctx: Context, event: Event) -> None:
        """Run an event; throttled, it goes back into the queue."""
        if self.down:
            event.held = True
        elif ctx.now - event.since >= self.max_age:
            self._give_up(ctx, event, TOO_OLD)
        elif self.runs(ctx, Invocation([event.call], event)):
            event.throttles = 0
            if not event.running:
                event.running = True
                self.running += 1
        else:
            event.throttles += 1
            self._later(ctx, event, backs_off(self.wait_dice, event.call.message, event.throttles))

    def _later(self, ctx: Context, event: Event, delay: i64) -> None:
        """Try an event again after a delay, or give it up when its time is over."""
        left: i64 = event.since + self.max_age - ctx.now
        self.retried += 1
        ctx.after(delay if delay < left else left, RETRY, event)

    def _event_over(self, ctx: Context, event: Event, code: int) -> None:
        event.running = False
        self.running -= 1
        if not code:
            for one in self.on_success:
                ctx.send_as(one.link, Record(), event.call.message, event.call.content)
            self._forget(event)
            ctx.finish(event.call, True, 0)
            return
        event.failures += 1
        if event.failures > self.retries:
            self._give_up(ctx, event, FAILED_ALL)
        else:
            self._later(ctx, event, event.failures * MINUTE)

    def _forget(self, event: Event) -> None:
        self.events.take_out(event)
        self.kept -= 1

    def _give_up(self, ctx: Context, event: Event, code: int) -> None:
        """To its failure destinations and its dead-letter queue; without either it is dropped."""
        self._forget(event)
        event.code = code
        call = event.call
        event.records = len(self.on_failure)
        if self.dead_to:
            self._bury(ctx, event)
        elif not self.on_failure:
            self.dropped += 1
            ctx.finish(call, False, code)
        for one in self.on_failure:
            ctx.send_as(one.link, event, call.message, call.content)

    def _bury(self, ctx: Context, event: Event) -> None:
        """Its dead-letter queue takes it, or it is dropped."""
        if not ctx.ready(self.dead_to) or ctx.strength("no_dead_letters") > 0.0:
            self.dropped += 1
            ctx.finish(event.call, False, NO_DEAD_LETTERS)
            return
        self.dead += 1
        ctx.bury(event.call, event.code)
        entry = Entry(event.call, event.since)
        entry.buried = True
        ctx.transfer(self.dead_to, entry)

    def on_own_answer(self, ctx: Context, call: Call) -> None:
        """A destination took a record, or not; a failed event is kept as long as one of them has it."""
        for one in self.destinations:
            if one.link == call.link:
                if call.outcome == YES:
                    one.taken += 1
                else:
                    one.failed += 1
        event = call.cause
        if not isinstance(event, Event):
            return
        event.records -= 1
        event.recorded = event.recorded or call.outcome == YES
        if event.records > 0 or self.dead_to:
            return
        if event.recorded:
            self.dead += 1
            ctx.bury(event.call, event.code)
        else:
            self.dropped += 1
            ctx.finish(event.call, False, NO_RECORD)

    def on_own_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag == RETRY:
            assert isinstance(item, Event)
            self._try(ctx, item)
        else:
            super().on_own_timer(ctx, tag, item)

    # Looking

    def minds(self, layer: str) -> bool:
        if layer == "no_dead_letters":
            return self.dead_to != ""
        return layer != "concurrency_taken" or self.reserved < 0

    def depth(self) -> int:
        return self.kept

    def in_flight(self) -> int:
        return self.running

    def oldest(self, now: int) -> int:
        first = self.events.first
        return now - first.since if isinstance(first, Event) else 0

    def gauges(self, ctx: Context) -> dict[str, float]:
        return super().gauges(ctx) | {
            "async queue": float(self.kept),
            "async retries": float(self.retried),
            "dead letters": float(self.dead),
            "dropped": float(self.dropped),
            "loops stopped": float(self.stopped),
        }

    def views(self, ctx: Context) -> dict[str, dict[str, float]]:
        found = super().views(ctx)
        for one in self.destinations:
            found[f"=> {one.callee}"] = {"records": float(one.taken), "failed": float(one.failed)}
        return found
