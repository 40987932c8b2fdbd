"""The contract between a node kind and whatever world runs it.

A kind is the state machine of one replica: it is told of messages, answers and timers, and acts through its context.
It touches neither a clock nor a wire, so the simulated and the live world drive the very same class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.chance import Dice
from topology.message import ERROR, FAILED_WORK, NONE, POISON, YES, Item, Message, Mix, Reach

if TYPE_CHECKING:  # few runs are looked into
    from topology.tables import Table
    from topology.workflow_frame import WorkflowFrame

PRODUCER: Final = "producer"
SERVICE: Final = "service"
PROXY: Final = "proxy"
QUEUE: Final = "queue"
ENDPOINT: Final = "endpoint"
GATEWAY: Final = "gateway"
SCHEDULER: Final = "scheduler"
PUSH: Final = "push"
FUNCTION: Final = "function"
STREAM: Final = "stream"
"""Roles: what a kind is for the link table. A stream is consumed as a queue is, and every consumer gets every record; a push
service (a topic, a bus, a bucket) delivers; a function runs on demand."""

WORKERS: Final = (SERVICE, ENDPOINT, FUNCTION)
"""The roles of those who do a part of a message's work."""

PULLED: Final = (QUEUE, STREAM)
"""The roles of those who keep messages until their consumers ask for them."""

SOURCES: Final = (PRODUCER, SCHEDULER)
"""The roles of those who offer messages, each in a flow of its own: the outside world, and what runs by the clock."""


ARRIVE: Final = 1
ANSWER: Final = 2
TURNED: Final = 3
ASK: Final = 4
ASKED: Final = 5
PROBE: Final = 6
PROBED: Final = 7
"""Ways of a hop: a call to its callee, its answer, an attempt that was not let go, a receive and its answer, a check."""


@mypyc_attr(acyclic=True, free_list_len=1)
class Timer(Item):
    """Something that comes due at an instant, for one owner; equal instants go by `seq`."""

    lane: Item | None = None
    before: Timer | None = None
    behind: Timer | None = None

    def __init__(self, at: i64, seq: i64, tag: i64, owner: Context | None, item: Item | None, epoch: i64) -> None:
        self.at: i64 = at
        self.seq: i64 = seq
        self.tag: i64 = tag
        self.owner: Context | None = owner
        self.item: Item | None = item
        self.epoch: i64 = epoch


@mypyc_attr(acyclic=True)
class Hop(Item):
    """The base of what travels: it can wait in the chain of hops, or in a timer, until it lands."""

    def __init__(self) -> None:
        self.hop: Hop | None = None
        self.way: i64 = 0

    def land(self, now: i64) -> None:
        """Arrive at whom its way leads to."""


@mypyc_attr(acyclic=True, free_list_len=1)
class Call(Hop):
    """One attempt to get something done by a callee, or one delivery of a queue to a consumer.

    `cause` is what the caller was doing: the call that it executes itself, a message (a producer), an entry (a queue).
    `left` is the instant at which the caller gave up waiting, -1 while it waits. `kept` says that the callee accepted
    and goes on working after its answer (a hand-off). `deadline` is the instant after which nobody wants the answer, 0
    where none is known; `undo` says that it takes back work that was done; `recalled` that it was done before and
    is not done again; `twin` is the other of two hedged attempts;
    `extra` that it was sent beside another, as a hedge, and is not hedged itself, also when it is left alone;
    `gate` is the policy that holds it back before it is sent, -1 once it is let go. `unsure` says that an earlier or a
    parallel attempt may have been executed; `backwards` that what was done for it is being taken back;
    `lingers` that a policy of the caller wants to know when its execution is over; `content` is what it carries where that
    is not what its message said at first; `run` is the batch that it is a part of at its callee.
    """

    # The compiled object keeps this order: what a call that waits is looked at for stands together, as in a message.
    hop: Hop | None = None
    way: i64 = 0
    message: Message
    reach: Reach
    handoff: bool = False
    kept: bool = False
    ended: bool = False
    undo: bool = False
    recalled: bool = False
    lingers: bool = False
    unsure: bool = False
    backwards: bool = False
    extra: bool = False
    content: Mix | None = None
    arrived: i64 = -1
    left: i64 = -1
    outcome: i64 = NONE
    cause: Item | None
    sent: i64
    before: Call | None = None
    behind: Call | None = None
    caller: Context | None = None
    callee: Context | None = None
    caller_epoch: i64 = 0
    link: i64
    inlet: i64 = 0
    started: i64 = -1
    visit: i64 = 0
    run: Item | None = None
    timer: Timer | None = None
    tries: i64 = 1
    reason: int = 0
    step: i64 = 0
    work: i64 = 0
    deadline: i64 = 0
    gate: i64 = -1
    hedge: Timer | None = None
    twin: Call | None = None
    next: Call | None = None
    older: Call | None = None

    def __init__(self, message: Message, reach: Reach, link: i64, cause: Item | None, sent: i64) -> None:
        self.message = message
        self.reach = reach
        self.link = link
        self.cause = cause
        self.sent = sent

    def land(self, now: i64) -> None:
        way = self.way
        place = self.callee if way == ARRIVE else self.caller
        if place is None:
            return
        place.now = now
        if way == ARRIVE:
            place.call_arrives(self)
        elif way == ANSWER:
            place.answer_arrives(self)
        else:
            place.turned(self)


@mypyc_attr(allow_interpreted_subclasses=True)
class Part(Item):
    """A part of a stream whose records come in order, for one of its consumers: the cause of deliveries out of it.

    `latest` is the time of its latest event and `seen` when that came, as far as a consumer that goes by such times has noted.
    """

    latest: i64 = -1
    seen: i64 = 0


def content_of(call: Call) -> Mix | None:
    """What a call carries: what was made of its message on the way, else what its producer said; None where it said nothing."""
    return call.content or call.message.mix


class Probe(Hop):
    """A health check of one target of a balanced link."""

    def __init__(self, link: i64, target: i64, place: Context, caller: Context, epoch: i64, deep: bool) -> None:
        self.link: i64 = link
        self.target: i64 = target
        self.deep = deep
        self.place: Context = place
        self.caller: Context = caller
        self.caller_epoch: i64 = epoch
        self.healthy = False
        self.hop: Hop | None = None
        self.way: i64 = 0

    def land(self, now: i64) -> None:
        if self.way == PROBE:
            self.place.now = now
            self.place.probe_arrives(self)
        else:
            self.caller.now = now
            self.caller.probed(self)


class Answers(Hop):
    """The answers to all that one receive brought, on their way to the queue together."""

    def __init__(self, queue: Context, calls: list[Call]) -> None:
        self.queue: Context = queue
        self.calls: list[Call] = calls
        self.hop: Hop | None = None
        self.way: i64 = ANSWER

    def land(self, now: i64) -> None:
        for call in self.calls:
            call.land(now)


_NOTHING: list[Call] = []
"""What a receive holds before it is given anything: shared by all, so that most of them need no list."""


@mypyc_attr(acyclic=True, free_list_len=1)
class Receive(Hop):
    """A consumer asks a queue for up to `most` messages and is ready to wait `wait` nanoseconds for the first."""

    outlet: i64 = 0
    closed: bool = False
    answered: bool = False
    refused: bool = False
    served: bool = False
    timer: Timer | None = None
    timer2: Timer | None = None
    hop: Hop | None = None
    way: i64 = 0

    def __init__(self, link: i64, most: i64, wait: i64, queue: Context, caller: Context, epoch: i64) -> None:
        self.queue: Context = queue
        self.link: i64 = link
        self.most: i64 = most
        self.wait: i64 = wait
        self.caller: Context = caller
        self.caller_epoch: i64 = epoch
        self.calls: list[Call] = _NOTHING

    def add(self, call: Call) -> None:
        """Give one more delivery with its answer."""
        if len(self.calls) == 0:
            self.calls = [call]
        else:
            self.calls.append(call)

    def empty(self) -> None:
        """Let go of what it was given: it was taken over, or nobody takes it."""
        self.calls = _NOTHING

    def land(self, now: i64) -> None:
        if self.way == ASK:
            self.queue.now = now
            self.queue.receive_arrives(self)
        else:
            self.caller.now = now
            self.caller.received(self)


class Shelf:
    """A small durable table that all replicas of one node share, as their database would be: it survives their crashes."""

    def __init__(self) -> None:
        self.rows: dict[int, Item | None] = {}
        """By key, in order of insertion."""
        self.items: list[Item] = []


class Meter:
    """What a replica does over time, as exact integrals: count times nanoseconds.

    The integrals are native sums that spill into unbounded ones before they could overflow.
    """

    def __init__(self) -> None:
        self.inside: i64 = 0
        self.busy: i64 = 0
        self.working: i64 = 0
        self.queued: i64 = 0
        self.arrivals: i64 = 0
        self.departures: i64 = 0
        self.served: i64 = 0
        self.at: i64 = 0
        self.near_inside: i64 = 0
        self.near_busy: i64 = 0
        self.near_working: i64 = 0
        self.inside_ns: int = 0
        self.busy_ns: int = 0
        self.working_ns: int = 0
        self.wait_ns: int = 0
        self.service_ns: int = 0
        self.stay_ns: int = 0

    def upto(self, now: i64) -> None:
        """Add what lasted until now; call before any of the counts changes."""
        dt: i64 = now - self.at
        if dt <= 0:
            return
        self.at = now
        if dt > 68719476736 or self.inside > 16777216:
            self._spill(dt)
            return
        self.near_inside += self.inside * dt
        self.near_busy += self.busy * dt
        self.near_working += self.working * dt
        if self.near_inside > 1152921504606846976 or self.near_busy > 1152921504606846976:
            self._spill(0)

    def _spill(self, dt: i64) -> None:
        """Move the native sums, and what lasted for `dt`, into the unbounded ones."""
        long: int = dt
        self.inside_ns += int(self.near_inside) + int(self.inside) * long
        self.busy_ns += int(self.near_busy) + int(self.busy) * long
        self.working_ns += int(self.near_working) + int(self.working) * long
        self.near_inside = 0
        self.near_busy = 0
        self.near_working = 0

    def close(self, now: i64) -> None:
        """Bring the unbounded integrals up to now, to be read."""
        self.upto(now)
        self._spill(0)


@mypyc_attr(allow_interpreted_subclasses=True)
class Context:
    """What a node may ask of the world it lives in. `now` is in nanoseconds; delays too.

    `name` is the replica's ("orders/1"), `node` the node's. Outgoing links are numbered in file order, calls first.
    """

    def __init__(self, node: str, index: i64) -> None:
        self.now: i64 = 0
        self.node = node
        self.index: i64 = index
        self.name = f"{node}/{index}"
        self.meter = Meter()
        self.links: i64 = 0
        """How many outgoing links there are, without those to consumers."""
        self.inlets: i64 = 0
        """How many queues this node consumes from."""
        self.slow = 1.0
        """The factor by which work takes longer now."""
        self.error_share = 0.0
        """The share of executions that fail now."""
        self.error_reason: int = 0
        self.poison_share = 0.0
        """The share of the messages that this node can never work on now."""
        self.slots_lost = 0.0
        """The share of the slots that are taken away now."""
        self.cores_lost = 0.0
        """The share of the cores that are taken away now."""
        self.skew: i64 = 0
        """By how much this replica's clock is ahead: what it compares with instants that others wrote is `now + skew`."""
        self.zone: i64 = -1
        """The zone that the replica is in, from 0; -1 where the node is not tied to zones."""
        self.tails: list[tuple[float, float]] = []
        """What makes some executions much longer: (share of the executions, factor), one for each layer."""

    def dice(self, purpose: str) -> Dice:
        """Dice of this node for a purpose: the same in every design (call once, when configured)."""
        raise TypeError("a context must be able to throw dice")

    def visit(self, message: Message) -> i64:
        """Count one more execution of a message at this node; 0 for the first."""
        raise TypeError("a context must count visits")

    def send(self, link: i64, cause: Item, message: Message) -> None:
        """Call, or hand off to, whatever the link's wiring chooses; `on_answer` follows, once, with the final outcome."""
        raise TypeError("a context must be able to send")

    def send_to(self, link: i64, target: i64, cause: Item, message: Message) -> None:
        """As `send`, to one target that a balancer chose."""
        raise TypeError("a context must be able to send")

    def send_as(self, link: i64, cause: Item, message: Message, content: Mix | None) -> None:
        """As `send`, with a content of its own: what was transformed on the way."""
        raise TypeError("a context must be able to send")

    def retain(self, link: i64, message: Message, content: Mix | None) -> Call:
        """Keep one more copy for a link: it is inside, and holds what lies behind the link, until `finish` or `bury`."""
        raise TypeError("a context must keep books")

    def send_undo(self, link: i64, cause: Item, message: Message) -> None:
        """As `send`, to take back what an earlier call over this link has done (a compensation)."""
        raise TypeError("a context must be able to send")

    def post(self, link: i64, message: Message) -> Call:
        """Note that a hand-off over this link must be made: it holds what lies behind the link until `unpost`."""
        raise TypeError("a context must keep books")

    def unpost(self, call: Call, code: int) -> None:
        """The noted hand-off was made (code 0) or is given up."""
        raise TypeError("a context must keep books")

    def shelf(self, name: str) -> Shelf:
        """The durable table of that name, which all replicas of this node share."""
        raise TypeError("a context must have shelves")

    def strength(self, layer: str) -> float:
        """How strong the layers of a name lie here now, folded as they are declared; 0 (1 for those that multiply): none."""
        return 0.0

    def strength_on(self, link: i64, layer: str) -> float:
        """As `strength`, of the layers that lie on one of its outgoing links; they are shares, 0 where there are none."""
        return 0.0

    def stretched(self, work: i64, root: i64, visit: i64) -> i64:
        """How long work takes under the layers that lie here now: slowness, and the long tail of some executions."""
        return work

    def failure(self, dice: Dice, fails: float, root: i64, visit: i64) -> int:
        """Whether an execution ends in an error, by its own share or by the layers that lie here: the reason, 0 for none."""
        if fails > 0.0 and dice.uniform(root, 2 * visit) < fails:
            return FAILED_WORK
        if self.error_share > 0.0 and dice.uniform(root, 2 * visit + 1) < self.error_share:
            return self.error_reason or FAILED_WORK
        if self.poison_share > 0.0 and self.poison_dice().uniform(root, 0) < self.poison_share:
            return POISON
        return 0

    def poison_dice(self) -> Dice:
        """What tells whether a message is one of those that this node can never work on: the same each time that it comes."""
        raise TypeError("a context must be able to throw dice")

    def degrade(self, message: Message) -> None:
        """The answer is a substitute: stale, or a default."""
        raise TypeError("a context must keep books")

    def pause(self, length: i64) -> None:
        """This process stands still for so long, as in a garbage collection that stops the world."""
        raise TypeError("a context must be able to pause")

    def forget(self, message: Message) -> int:
        """A producer gives up waiting: whatever answer comes will be dropped. The reason why there was none, as a code."""
        raise TypeError("a context must be able to forget")

    def targets(self, link: i64) -> i64:
        """How many targets a balanced link ever had; they are numbered from 0 and never renumbered."""
        raise TypeError("a context must know targets")

    def registered(self, link: i64, target: i64) -> bool:
        """Whether that target is still registered."""
        raise TypeError("a context must know targets")

    def outstanding(self, link: i64, target: i64) -> i64:
        """How many attempts of this replica wait for an answer of that target of a balanced link."""
        return 0

    def avoids(self, link: i64, target: i64) -> bool:
        """Whether a policy of the link keeps away from that target now."""
        return False

    def zone_of(self, link: i64, target: i64) -> i64:
        """The zone of a target, from 0; -1 where it is not tied to zones."""
        return -1

    def hang_up(self, link: i64, target: i64) -> None:
        """Close the connections to a target: attempts that wait for its answer end at once, as if they had been reset."""

    def probe(self, link: i64, target: i64, deep: bool) -> None:
        """Ask a target whether it is healthy; `on_probe` follows, unless it is silent. A deep check asks its code, too."""
        raise TypeError("a context must be able to probe")

    def answer(self, call: Call, outcome: i64, code: int) -> None:
        """Answer a call and end its execution here."""
        raise TypeError("a context must be able to answer")

    def answer_all(self, calls: list[Call], good: i64, code: int) -> None:
        """Answer what one receive brought, all together: yes to the first so many, an error for a reason to the others."""
        for at, call in enumerate(calls):
            if at < good:
                self.answer(call, YES, 0)
            else:
                self.answer(call, ERROR, code)

    def accept(self, call: Call) -> None:
        """Answer yes to a hand-off and keep it: its work goes on here until `finish`, `bury` or the end of this replica."""
        raise TypeError("a context must be able to answer")

    def finish(self, call: Call, done: bool, code: int) -> None:
        """The work of a kept call ended."""
        raise TypeError("a context must keep books")

    def finish_all(self, calls: list[Call]) -> None:
        """Everybody has done with these kept calls of a queue or stream."""
        for call in calls:
            self.finish(call, True, 0)

    def repeat(self, call: Call) -> Call:
        """Keep one more of what came in, which this node sends to itself; it ends as other kept calls do."""
        raise TypeError("a context must keep books")

    def complete(self, call: Call) -> None:
        """The work for a call is done, whatever it is answered: a batch that failed may hold messages that did not."""
        raise TypeError("a context must keep books")

    def bury(self, call: Call, code: int) -> None:
        """A kept call is given up to a dead-letter queue; it may be raised again."""
        raise TypeError("a context must keep books")

    def raise_again(self, call: Call) -> None:
        """A buried call goes back to its source."""
        raise TypeError("a context must keep books")

    def decay(self, call: Call, code: int) -> None:
        """A buried call is gone for good."""
        raise TypeError("a context must keep books")

    def pass_on(self, call: Call) -> None:
        """A buried call leaves this node for another dead-letter queue."""
        raise TypeError("a context must keep books")

    def ready(self, node: str) -> bool:
        """Whether another managed node takes entries now."""
        raise TypeError("a context must be able to transfer")

    def transfer(self, node: str, item: Item) -> None:
        """Give an entry to another managed node at once, as a service does inside; it must be ready."""
        raise TypeError("a context must be able to transfer")

    def offer(self, n: i64, stream: i64, born: i64, deadline: i64) -> Message:
        """A producer, or a node that emits, offers a message."""
        raise TypeError("a context must keep books")

    def told(self, message: Message, outcome: i64, code: int) -> None:
        """Whoever offered a message has its answer."""
        raise TypeError("a context must keep books")

    def receive(self, inlet: i64, most: i64, wait: i64) -> None:
        """A consumer asks a queue for messages; `on_received` follows, always (also when the queue is silent)."""
        raise TypeError("a context must be able to receive")

    def delivery(self, receive: Receive, kept: Call, entry: Item) -> Call:
        """A queue puts one kept call into its answer to a receive; `on_answer` follows, with the delivery's outcome."""
        raise TypeError("a context must be able to deliver")

    def deliver(self, receive: Receive) -> None:
        """A queue answers a receive with its deliveries, maybe none."""
        raise TypeError("a context must be able to deliver")

    def share_of(self, outlet: i64, kept: Call) -> Call:
        """Keep one more copy of a kept call, that holds what lies behind one consumer's link, until `finish` or `bury`."""
        raise TypeError("a context must keep books")

    def done_with(self, link: i64, call: Call) -> None:
        """The callee of a link did its part for one more kept call, which another attempt over the link carried along."""
        raise TypeError("a context must keep books")

    def renews(self, receive: Receive) -> bool:
        """Whether the process that asked is still there and would renew what it holds: it runs, and its link is not cut."""
        raise TypeError("a context must know its peers")

    def beats(self, receive: Receive) -> bool:
        """Whether heartbeats of the process that asked come: as `renews`, though it may do nothing else any more."""
        return self.renews(receive)

    def leaves(self, receive: Receive) -> bool:
        """Whether the process that asked was told to go, and says so before it does."""
        raise TypeError("a context must know its peers")

    def reachable(self, receive: Receive) -> bool:
        """Whether the consumer's connection still stands, as far as the queue can know."""
        raise TypeError("a context must know its peers")

    def after(self, delay: i64, tag: i64, item: Item | None) -> Timer:
        """`on_timer(tag, item)` after a delay."""
        raise TypeError("a context must have timers")

    def after_same(self, delay: i64, tag: i64, item: Item | None) -> Timer:
        """As `after`, cheaper where many timers have the same delay."""
        raise TypeError("a context must have timers")

    def cancel(self, timer: Timer) -> None:
        """The timer will not fire. Cancelling one that fired is harmless."""
        raise TypeError("a context must have timers")

    # What the world tells a context. Kinds never call these.

    def fire(self, timer: Timer) -> None:
        """A timer of this replica comes due."""

    def call_arrives(self, call: Call) -> None:
        """A call reaches this replica."""

    def answer_arrives(self, call: Call) -> None:
        """An answer is back at its caller."""

    def turned(self, call: Call) -> None:
        """An attempt that a policy of its caller did not let go."""

    def receive_arrives(self, receive: Receive) -> None:
        """A receive reaches its queue."""

    def received(self, receive: Receive) -> None:
        """A queue's answer is back at the consumer."""

    def probe_arrives(self, probe: Probe) -> None:
        """A health check reaches this replica."""

    def probed(self, probe: Probe) -> None:
        """A health check is back."""

    def touch(self) -> None:
        """Something that the grid samples has changed."""

    def note(self, words: str) -> None:
        """One line for the event log: a breaker opened, a target was taken out. Bounded; rare events only."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Node:
    """The base of every kind: one file in `topology/nodes`, named as the kind.

    A subclass declares `params`, `role`, and for kinds that others manage (a queue, a balancer) `managed = True`:
    then there is one node, whose crash makes its API refuse and leaves what it keeps.
    """

    params: ClassVar[dict[str, Any]] = {}
    role: ClassVar[str] = SERVICE
    managed: ClassVar[bool] = False
    link_params: ClassVar[dict[str, Any]] = {}
    """Settings that links out of this kind have beside the common ones: of a subscription, of a rule's target."""
    inlet_params: ClassVar[dict[str, Any]] = {}
    """Settings of the links by which it consumes a queue, beside the common ones; where a name is common, these bounds hold."""
    selects: ClassVar[tuple[str, ...]] = ()
    """The settings of its links that let only some messages pass: what lies behind such a link is not reached by every one."""
    like: ClassVar[str] = ""
    """The kind whose node policies may guard this one, too."""
    works: ClassVar[bool] = True
    """Whether a node of a working role does a part of a message's work, and does not only pass it on."""
    in_turn: ClassVar[bool] = False
    """Whether what it receives at once is a batch, for whose messages it works one after the other."""
    inside: ClassVar[str] = ""
    """What there is to see inside it, in a word, such as states or shards: `workflow` or `tables` give it. Empty: nothing."""
    gives_back: ClassVar[bool] = False
    """Whether it keeps what it can give back: dead letters, an archive."""
    shields: ClassVar[bool] = False
    """Whether it may answer a call itself: then what lies behind its links is not reached by every message."""
    reads_times: ClassVar[bool] = False
    """Whether it goes by the times that producers wrote on their messages, by their own clocks."""
    emits: ClassVar[bool] = False
    """Whether it makes new messages of those that come to it (alerts): they are a flow of its own, named after the node."""
    layers: ClassVar[dict[str, str]] = {}
    """Layers of its own that may lie on it, and how two of them fold: times, either (shares), plus or most."""

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        """Take over the checked values (inner values), at the start and again whenever one is set."""

    def on_layers(self, ctx: Context) -> None:
        """The layers that lie here have changed: read again what is kept of them."""

    def on_flush(self, ctx: Context) -> None:
        """Forget what was stored only to be quick (a cache)."""

    def on_start(self, ctx: Context) -> None:
        """The replica is up: begin what it does by itself."""

    def on_revival(self, ctx: Context) -> None:
        """A managed node answers again after a crash; what it keeps is still there."""

    def on_recovery(self, ctx: Context, item: Item) -> None:
        """One of the entries that were stored by a process that died, given to the one that was started in its place.

        They come in the order in which they were kept, after `on_start`. What a consumer holds has its receipt, and stays
        hidden for the rest of its time.
        """
        self.on_transfer(ctx, item)

    def on_message(self, ctx: Context, call: Call) -> None:
        """A call or a hand-off arrived."""

    def on_answer(self, ctx: Context, call: Call) -> None:
        """The final outcome of what was sent because of `call.cause`: see `call.outcome`, `call.reason`."""

    def on_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        """A timer came due."""

    def on_receive(self, ctx: Context, receive: Receive) -> None:
        """A consumer asks this queue for messages."""

    def on_received(self, ctx: Context, receive: Receive) -> None:
        """A receive was answered with `receive.calls` (maybe none), refused, or met silence."""

    def on_probe(self, ctx: Context, link: i64, target: i64, healthy: bool) -> None:
        """A health check was answered."""

    def checks_out(self, ctx: Context) -> bool:
        """What this replica says of itself to a deep health check."""
        return True

    def retarget(self, ctx: Context, link: i64) -> i64:
        """The target of one more attempt, where the node chooses targets itself; -1 where the wiring does."""
        return -1

    def on_transfer(self, ctx: Context, item: Item) -> None:
        """Another managed node gives an entry."""

    def on_crash(self, ctx: Context) -> None:
        """The process is gone: forget what was in memory. What is durable stays."""

    def on_surge(self, ctx: Context, number: i64, extra: float, ramp_ns: i64) -> None:
        """A producer offers `extra` times its declared rate more, in a stream of its own; 0 ends that stream."""

    def on_crowd(self, ctx: Context, number: i64, per_second: float) -> None:
        """A producer offers so many more messages per second, in a stream of its own, which `on_surge` ends."""

    def on_thin(self, ctx: Context, share: float) -> None:
        """A producer offers only this share of its declared stream, chosen by hash."""

    def on_stop(self, ctx: Context) -> None:
        """A producer offers nothing more."""

    def on_redrive(self, ctx: Context) -> None:
        """A dead-letter queue gives back what it holds."""

    def on_close(self) -> None:
        """The world ends: let go of what points in circles."""

    def depth(self) -> int:
        """Messages kept here."""
        return 0

    def unfinished(self) -> bool:
        """Whether it is giving back, bit by bit, messages that were settled."""
        return False

    def in_flight(self) -> int:
        """Of these, delivered and not yet deleted."""
        return 0

    def oldest(self, now: int) -> int:
        """The age of the oldest message kept here, in nanoseconds."""
        return 0

    def slots_now(self) -> int:
        """How many slots this replica has; 0 for a kind without slots."""
        return 0

    def cores_now(self) -> int:
        """How many of them can compute at once; the others only wait."""
        return self.slots_now()

    def minds(self, layer: str) -> bool:
        """Whether a layer of the kind's own, or a redrive, does anything to it as it is set."""
        return True

    def gauges(self, ctx: Context) -> dict[str, float]:
        """Figures of the kind's own, for the inspector."""
        return {}

    def views(self, ctx: Context) -> dict[str, dict[str, float]]:
        """Figures of the parts that it consists of, by the part's name: subscriptions, rules, shards."""
        return {}

    def tables(self, ctx: Context) -> list[Table]:
        """What it consists of as tables, for who looks at it alone; they say more than `views`, in words, too."""
        return []

    def workflow(self, ctx: Context, execution: int) -> WorkflowFrame | None:
        """The workflow that it runs, with one of its executions by number; None for any other kind."""
        return None
