"""The contract of a resilience policy: one file in `topology/policies`, named as its key in YAML.

A link policy belongs to the caller's end of a link and sees each attempt; a node policy guards a node's door and its line of
waiting calls; a scaling policy judges a node as a whole. None touches a clock or a wire: both worlds use the same classes.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.message import Item
from topology.node import Call, Context
from topology.queues.waiting import Waiting

LINK: Final = "link"
NODE: Final = "node"

WAIT: Final = -1
"""What `admits` returns for an attempt that is not to go yet."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Policy:
    """The base of all policies. `on` says where it belongs; `kinds` which kinds a node policy may guard."""

    params: ClassVar[dict[str, Any]] = {}
    on: ClassVar[str] = LINK
    kinds: ClassVar[tuple[str, ...]] = ()

    def configure(self, ctx: Context, values: dict[str, Any], name: str) -> None:
        """Take over the checked values; `name` is the link's or node's, for dice."""


@mypyc_attr(allow_interpreted_subclasses=True)
class LinkPolicy(Policy):
    """One caller replica's policy on one link. A `passive` one has only a limit: it is not asked about attempts.

    Every attempt that `admits` let go ends in exactly one of `heard` (it has an outcome) and `withdrawn` (it never will).
    """

    passive: ClassVar[bool] = False
    parks: ClassVar[bool] = False
    """Whether it may hold attempts back (WAIT); those that do are asked last, so that nobody who waits was counted."""
    rescuer: ClassVar[bool] = False
    """Whether it may turn a failure into an answer."""

    def reset(self) -> None:
        """The caller restarted: forget what was in memory."""

    def lingers(self) -> bool:
        """Whether it wants to know when an attempt that its caller gave up is over at the callee: see `returned`."""
        return False

    def limit_ns(self) -> i64:
        """How long one attempt may take; 0: for ever."""
        return 0

    def limit_for(self, ctx: Context, call: Call, limit: i64) -> i64:
        """How long this attempt may take, given the limit of the policies before it; 0: for ever, below 0: no more time."""
        return limit

    def admits(self, ctx: Context, call: Call) -> int:
        """Before an attempt: 0 to let it go, WAIT to hold it back, or the code of the reason why not."""
        return 0

    def wait_ns(self) -> i64:
        """How long it holds an attempt back at most; 0: for ever."""
        return 0

    def waited_out(self) -> int:
        """The code of the reason for an attempt that was held back for too long."""
        return 0

    def most_waiting(self) -> i64:
        """How many attempts may be held back at once; -1: any number."""
        return -1

    def wakes_in(self, ctx: Context) -> i64:
        """When to ask again for those held back, in nanoseconds from now; -1: when the next attempt ends."""
        return -1

    def heard(self, ctx: Context, call: Call) -> None:
        """After an attempt, with `call.outcome`. Attempts that were not admitted are not told."""

    def withdrawn(self, ctx: Context, call: Call) -> None:
        """An attempt that was let go ends without an outcome: another policy refused it, or its twin was the quicker."""

    def returned(self, ctx: Context, call: Call) -> None:
        """An attempt that was sent and given up (`heard` as silent, or `withdrawn`) is over at its callee after all."""

    def again(self, ctx: Context, call: Call) -> i64:
        """After a failed attempt: the delay before the next one, or -1 for none."""
        return -1

    def grants(self, ctx: Context, call: Call) -> bool:
        """Whether one more attempt, which another policy wants, may be made."""
        return True

    def hedges_in(self, ctx: Context, call: Call) -> i64:
        """When a second attempt is to run beside this one, in nanoseconds from its start; -1: never."""
        return -1

    def hedges(self, ctx: Context, call: Call) -> bool:
        """Whether that second attempt may really be made, now that its time has come."""
        return True

    def rescues(self, ctx: Context, call: Call) -> bool:
        """After the last attempt failed: whether there is a substitute for the answer (stale, or a default)."""
        return False

    def avoids(self, ctx: Context, target: i64) -> bool:
        """Whether no attempt should go to that replica of the callee now."""
        return False

    def state(self) -> str:
        """A word for the screen; empty when there is nothing to say."""
        return ""


@mypyc_attr(allow_interpreted_subclasses=True)
class NodePolicy(Policy):
    """One replica's policy at its door and on its line of waiting calls."""

    watches: ClassVar[bool] = False
    """Whether it wants to be told of every execution: `drops`, `begun`, `ended`."""
    recaller: ClassVar[bool] = False
    """Whether it may know the answer already."""

    def admit(self, ctx: Context, call: Call, busy: i64, slots: i64, queued: i64) -> int:
        """When a call arrives: 0 to let it in, or the code of the reason why not."""
        return 0

    def limit(self) -> i64:
        """How many may wait; -1: any number."""
        return -1

    def line(self) -> Waiting | None:
        """A new, empty line of waiting calls in this policy's order; None where it has no opinion."""
        return None

    def drops_oldest(self) -> bool:
        """Whether, when the queue is full, the line's victim goes and not the newcomer."""
        return False

    def drops(self, ctx: Context, call: Call, queued: i64) -> int:
        """When the turn of a call that waited comes: 0 to begin it, or the code of the reason why it is not worth it.

        `queued` is how many still wait. Hand-offs that were accepted are not asked about: they cannot be refused any more.
        """
        return 0

    def watching(self) -> bool:
        """Whether it watches with the values that it has."""
        return self.watches

    def begun(self, ctx: Context, call: Call) -> None:
        """A call took a slot."""

    def ended(self, ctx: Context, call: Call, outcome: i64) -> None:
        """An execution ended with an outcome; it arrived at `call.arrived` and took its slot at `call.started`."""

    def recalls(self, ctx: Context, call: Call) -> bool:
        """Whether this message was done here before, so that yes is the answer and nothing is done again."""
        return False

    def conflicts(self, ctx: Context, call: Call) -> int:
        """The code of the reason why a call that is not recalled must not begin now; 0: it may."""
        return 0

    def reset(self) -> None:
        """The replica restarted: forget what was in memory."""

    def state(self) -> str:
        """A word for the screen; empty when there is nothing to say."""
        return ""


class Load:
    """What a scaling policy sees of a node, over the time since it looked last. Shares run from 0 to 1."""

    def __init__(self) -> None:
        self.replicas: i64 = 0
        """Those that are wanted: up, or on their way up."""
        self.up: i64 = 0
        self.counted: i64 = 0
        """Those that the shares are of: up, and warm (see `ScalePolicy.warm_ns`)."""
        self.utilisation = 0.0
        """Of the cores of those counted."""
        self.occupancy = 0.0
        """Of their slots."""
        self.queued: i64 = 0
        """Calls that wait for a slot."""
        self.backlog: i64 = 0
        """Messages in the queues that it consumes."""
        self.backlog_age: i64 = 0
        """The age of the oldest of them, in nanoseconds."""
        self.arrivals = 0.0
        """Calls and deliveries per second."""


@mypyc_attr(allow_interpreted_subclasses=True)
class ScalePolicy(Policy):
    """Decides how many replicas a node should have. There is one for the whole node, asked again and again."""

    on: ClassVar[str] = NODE

    def every_ns(self) -> i64:
        """How often it is asked."""
        return 1_000_000_000

    def warm_ns(self) -> i64:
        """How long after its start a replica is left out of the shares."""
        return 0

    def wanted(self, ctx: Context, now: i64, load: Load) -> i64:
        """How many replicas there should be, given what was seen since the last time."""
        return load.replicas

    def start_ns(self, ctx: Context, n: i64) -> i64:
        """How long the n-th replica that it starts takes to be provided, before it starts; -1: it cannot be had."""
        return 0


class Gate(Item):
    """Where one policy of a link holds attempts back: first come, first let go."""

    def __init__(self, policy: LinkPolicy) -> None:
        self.policy = policy
        self.line = Waiting()
        self.link: i64 = -1
        self.waking = False
        """Whether a timer will ask again for those who wait."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Line(Item):
    """The caller's end of one link: the policies that each attempt passes. Those that hold back come last, else by name."""

    def __init__(self, policies: list[LinkPolicy]) -> None:
        active = [p for p in policies if not p.passive]
        self.policies = [p for p in active if not p.parks] + [p for p in active if p.parks]
        self.rescuers = [p for p in active if p.rescuer]
        self.gates = [Gate(p) for p in self.policies]
        self.held: i64 = 0
        """How many attempts are held back, at all gates."""
        self.lingering = any(p.lingers() for p in active)
        self.plain = not policies
        self.limit_ns: i64 = 0
        for policy in policies:
            limit: i64 = policy.limit_ns()
            if limit > 0:
                self.limit_ns = limit

    def admits(self, ctx: Context, call: Call) -> int:
        """0, the reason of the first policy that refuses the attempt, or WAIT; `call.gate` is the policy that holds it back.

        Nobody overtakes those who wait already: a newcomer waits behind them.
        """
        gate = call.gate
        i: i64 = gate if gate > 0 else 0
        n: i64 = len(self.policies)
        while i < n:
            if self.held > 0 and i != gate and self.gates[i].line.count > 0:
                call.gate = i
                return WAIT
            code = self.policies[i].admits(ctx, call)
            if code == WAIT:
                call.gate = i
                return WAIT
            if code:
                self._withdraw(ctx, call, i)
                return code
            i += 1
        call.gate = -1
        return 0

    def _withdraw(self, ctx: Context, call: Call, before: i64) -> None:
        i: i64 = 0
        while i < before:
            self.policies[i].withdrawn(ctx, call)
            i += 1

    def withdraw(self, ctx: Context, call: Call) -> None:
        """An attempt ends without an outcome: whoever let it go is told."""
        self._withdraw(ctx, call, call.gate if call.gate >= 0 else len(self.policies))

    def limit_of(self, ctx: Context, call: Call) -> i64:
        """How long this attempt may take; 0: for ever, below 0: there is no time left."""
        limit = self.limit_ns
        for policy in self.policies:
            limit = policy.limit_for(ctx, call, limit)
        return limit

    def hold_back(self, call: Call) -> None:
        """An attempt waits at its gate from now on."""
        self.gates[call.gate].line.add(call)
        self.held += 1

    def let_on(self, call: Call, gate: i64) -> None:
        """It waits at that gate no more."""
        self.gates[gate].line.remove(call)
        self.held -= 1

    def returned(self, ctx: Context, call: Call) -> None:
        """An attempt that was given up is over at its callee."""
        for policy in self.policies:
            policy.returned(ctx, call)

    def hedges(self, ctx: Context, call: Call) -> bool:
        """Whether a second attempt may run beside this one now."""
        return all(policy.hedges(ctx, call) for policy in self.policies)

    def hear(self, ctx: Context, call: Call) -> None:
        """An admitted attempt has its outcome."""
        for policy in self.policies:
            policy.heard(ctx, call)

    def hedges_in(self, ctx: Context, call: Call) -> i64:
        """When a second attempt is to run beside this one; -1: never."""
        for policy in self.policies:
            delay: i64 = policy.hedges_in(ctx, call)
            if delay >= 0:
                return delay
        return -1

    def next_try(self, ctx: Context, call: Call) -> i64:
        """After an attempt: the delay before the next, or -1 when its outcome is final."""
        if call.outcome == 1:
            return -1
        delay: i64 = -1
        for policy in self.policies:
            wanted: i64 = policy.again(ctx, call)
            if wanted >= 0:
                delay = wanted
        if delay < 0:
            return -1
        for policy in self.policies:
            if not policy.grants(ctx, call):
                return -1
        return delay

    def rescued(self, ctx: Context, call: Call) -> bool:
        """Whether a policy has a substitute for the answer that failed."""
        return any(policy.rescues(ctx, call) for policy in self.rescuers)

    def avoids(self, ctx: Context, target: i64) -> bool:
        """Whether a policy keeps away from a replica of the callee."""
        return any(policy.avoids(ctx, target) for policy in self.policies)

    def wakes_in(self, ctx: Context, call: Call) -> i64:
        """When to ask again for an attempt that is held back; -1: when the next one ends."""
        return self.policies[call.gate].wakes_in(ctx)

    def state(self) -> str:
        """What the policies have to say, for the screen."""
        for policy in self.policies:
            words = policy.state()
            if words:
                return words
        return ""
