"""The simulated world of one design: built from its plan, driven in virtual time, changed only through its verbs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from mypy_extensions import i64

from topology.chance import text_hash
from topology.frame import Frame
from topology.ledger import Ledger
from topology.message import Flow, Reach, Tally, reason
from topology.node import Node
from topology.plan import BALANCED, LIST, PULL, DesignPlan, LinkPlan, NodePlan, Playground
from topology.policy import LinkPolicy, NodePolicy
from topology.registry import kind, policy
from topology.series import Samples
from topology.sim.core import T_FREEZE, T_KILL, T_RESTART, Core, Layer
from topology.sim.engine import COMPILED
from topology.sim.picture import draw_frame, sum_up
from topology.sim.place import Group, Place
from topology.sim.reaches import reaches_of
from topology.sim.watch import FlowWatch, Watch
from topology.sim.wire import Inlet, Outlet, Wire
from topology.world import Target, Turn

POWERS: Final = frozenset({"kill", "freeze", "lay", "surge", "scale", "rewire", "set", "rate", "redrive", "links"})
__all__ = ["COMPILED", "SimWorld"]


class SimWorld:
    """One design in virtual time. See `topology.world.World` for the verbs; all instants are nanoseconds."""

    def __init__(self, plan: DesignPlan, playground: Playground, seed: int) -> None:
        self.plan = plan
        self.powers = POWERS
        self.seed = seed
        self.grid_ns: i64 = playground.grid_ns
        names = [node.name for node in plan.nodes]
        self.flows = [self._flow(i, f.producer, f.work, names) for i, f in enumerate(playground.flows)]
        self.core = Core(seed, Ledger(self.flows), names)
        self.values: dict[str, dict[str, Any]] = {n.name: dict(n.values) for n in plan.nodes}
        self.groups: dict[str, Group] = {}
        self.wires: list[Wire] = []
        self.upto: i64 = 0
        self.next_tick: i64 = 0
        self.handles = 0
        self.layers: dict[int, tuple[Layer, list[Place], list[Wire], str]] = {}
        self.ramping: list[Place] = []
        self.rates: dict[str, int] = {}
        self.surges = 0
        self.turned: list[Turn] = []
        self.eras: list[int] = [0]
        self._build(plan)
        self.watches = [Watch(g, playground.grid_ns) for g in self.core.groups]
        self.flow_watches = [FlowWatch(f, playground.grid_ns) for f in self.flows]
        self._begin()

    # Building

    def _flow(self, index: int, producer: str, work: tuple[str, ...], names: list[str]) -> Flow:
        root = text_hash(producer) & 0x7FFFFFFF
        return Flow(index, producer, list(work), root, names, self.grid_ns)

    def _build(self, plan: DesignPlan) -> None:
        for index, node in enumerate(plan.nodes):
            cls = kind(node.kind)
            group = Group(index, node.name, node.kind, bool(cls.managed), cls.role == "producer")
            group.dice_name = node.dice or node.name
            group.start_ns = int(node.values.get("start") or 0)
            group.clients = int(node.values.get("clients") or 0)
            self.groups[node.name] = group
            self.core.groups.append(group)
            for i in range(node.replicas):
                self._add_place(group, node, i)
        for index, link in enumerate(plan.links):
            self.wires.append(self._wire(index, link))
        reaches = reaches_of(plan, [(f.producer, f.parts) for f in self.flows])
        for wire, rows in zip(self.wires, reaches, strict=True):
            wire.reaches = [Reach(parts, part, bit) for parts, part, bit in rows]
        for group in self.core.groups:
            for place in group.places:
                self._connect(place)
        for flow in self.flows:
            self.groups[flow.producer].places[0].flow = flow

    def _add_place(self, group: Group, node: NodePlan, index: int) -> Place:
        machine: Node = kind(node.kind)()
        place = Place(self.core, group, index, machine)
        group.places.append(place)
        return place

    def _wire(self, index: int, link: LinkPlan) -> Wire:
        caller, callee = self.groups[link.caller], self.groups[link.callee]
        wire = Wire(index, link.name, caller, callee, link.values["delay"], self.seed)
        if wire.fixed > 0:
            wire.lane = self.core.engine.lane(wire.fixed)
        wire.release_on_failure = link.values.get("on_failure") == "release"
        caller.wires.append(wire)
        return wire

    def _connect(self, place: Place) -> None:
        """Give a replica its ends of the links, in file order, calls before hand-offs, and configure it."""
        links = [(w, p) for w, p in zip(self.wires, self.plan.links, strict=True)]
        own = [(w, p) for w, p in links if p.caller == place.node]
        for wire, link in sorted(own, key=lambda pair: pair[1].mode == "=>"):
            if link.wiring == PULL:
                place.deliveries.append(wire)
                continue
            outlet = Outlet(wire, self._link_policies(place, link))
            outlet.spread = link.wiring == LIST or (wire.callee.managed and link.wiring != BALANCED)
            if outlet.limit_ns > 0:
                outlet.lane = self.core.engine.lane(outlet.limit_ns)
            place.outlets.append(outlet)
        for wire, link in links:
            if link.callee == place.node and link.wiring == PULL:
                queue = self.groups[link.caller]
                nth = [w for w, p in links if p.caller == link.caller and p.wiring == PULL].index(wire)
                place.inlets_.append(Inlet(wire, queue, nth))
        place.links = len(place.outlets)
        place.inlets = len(place.inlets_)
        self._configure(place)

    def _link_policies(self, place: Place, link: LinkPlan) -> list[LinkPolicy]:
        made: list[LinkPolicy] = []
        for name in sorted(link.policies):
            one = policy(name)()
            assert isinstance(one, LinkPolicy)
            one.configure(place, link.policies[name], f"{link.caller} {link.mode} {link.callee}")
            made.append(one)
        return made

    def _configure(self, place: Place) -> None:
        node = self.plan.node(place.node)
        assert node is not None
        made: list[NodePolicy] = []
        for name in sorted(node.policies):
            one = policy(name)()
            assert isinstance(one, NodePolicy)
            one.configure(place, node.policies[name], place.node)
            made.append(one)
        values = dict(self.values[place.node])
        values["out"] = [p.values | {"mode": p.mode} for p in self._outgoing(place.node)]
        values["in"] = [p.values for p in self.plan.links if p.callee == place.node and p.wiring == PULL]
        place.now = self.core.engine.now
        place.machine.configure(place, values, made)
        place.slots = place.machine.slots_now()
        place.cores = place.machine.cores_now()

    def _outgoing(self, name: str) -> list[LinkPlan]:
        own = [p for p in self.plan.links if p.caller == name and p.wiring != PULL]
        return sorted(own, key=lambda p: p.mode == "=>")

    def _begin(self) -> None:
        """Everything comes up at instant 0: callees before callers matter not, since nothing moves before the first timer."""
        for group in self.core.groups:
            for place in group.places:
                place.begin()
        self.core.drain()

    # Time

    @property
    def now(self) -> int:
        """Everything before this instant has happened."""
        return self.upto

    def advance(self, until_ns: int) -> None:
        """Let everything before `until_ns` happen; grid steps come before what is due at the same instant."""
        until: i64 = until_ns
        core = self.core
        core.drain()
        while self.next_tick < until:
            at = self.next_tick
            self._run(at)
            core.engine.now = at
            self._tick(at)
            self.next_tick = at + self.grid_ns
        self._run(until)
        if until > self.upto:
            self.upto = until
            core.engine.now = until

    def _run(self, until: i64) -> None:
        core = self.core
        engine = core.engine
        while True:
            timer = engine.due(until)
            if timer is None:
                return
            place = timer.owner
            if place is None:
                continue
            engine.now = timer.at
            engine.fired += 1
            place.fire(timer)
            if core.first is not None:
                core.drain()

    def _tick(self, at: i64) -> None:
        """One grid step: fold ramps, sample what was touched, judge health."""
        core = self.core
        if self.ramping:
            for place in self.ramping:
                place.refold()
            self.ramping = [p for p in self.ramping if any(y.strength(at) < 1.0 for y in p.layers)]
        awake = core.awake
        if not awake:
            return
        tick: i64 = at // self.grid_ns
        core.awake = []
        for group in awake:
            watch = self.watches[group.index]
            group.awake = False
            if watch.look(core, tick, at):
                self.turned.append(Turn(at, group.name, watch.health.unhealthy, watch.health.why))
            if watch.health.restless():
                group.touch(core)
        for fw in self.flow_watches:
            fw.look(core, tick, at)

    # Verbs that break

    def _handle(self, kind_: str, values: tuple[float, float], ramp_ns: int, words: str) -> Layer:
        self.handles += 1
        return Layer(self.handles, kind_, values[0], values[1], self.upto, ramp_ns, words)

    def _places(self, target: Target) -> list[Place]:
        group = self.groups[target.node]
        return [group.places[i] for i in target.replicas]

    def _one_by_one(self, name: str, target: Target, ramp_ns: int, tag: int) -> int:
        layer = self._handle(name, (1.0, 0.0), 0, name)
        places = self._places(target)
        self.layers[layer.handle] = (layer, places, [], "")
        for i, place in enumerate(places):
            delay = ramp_ns * i // len(places)
            if delay:
                self.core.engine.after(delay, tag, place, layer, -1)
            elif tag == T_KILL:
                place.go_down(layer.handle)
            else:
                place.freeze(layer.handle)
        self.core.drain()
        return layer.handle

    def kill(self, target: Target, ramp_ns: int = 0) -> int:
        """Processes gone, host up; with a ramp one after the other."""
        return self._one_by_one("down", target, ramp_ns, T_KILL)

    def freeze(self, target: Target, ramp_ns: int = 0) -> int:
        """SIGSTOP; with a ramp one after the other."""
        return self._one_by_one("frozen", target, ramp_ns, T_FREEZE)

    def lay(self, kind: str, target: Target, values: dict[str, Any], ramp_ns: int = 0) -> int:
        """Lay a layer on replicas (slow, errors) or on a link (latency, loss, cut)."""
        if kind == "slow":
            layer = self._handle(kind, (float(values["factor"]), 0.0), ramp_ns, f"{values['factor']:g} times slower")
        elif kind == "errors":
            layer = self._handle(kind, (float(values["share"]), 0.0), ramp_ns, f"{values['share']:.0%} fail")
            layer.code = reason(str(values.get("reason", "error")))
        elif kind == "latency":
            extra, jitter = float(values["extra"]), float(values.get("jitter", 0))
            layer = self._handle(kind, (extra, jitter), ramp_ns, f"+{extra / 1e6:g} ms")
        elif kind == "loss":
            layer = self._handle(kind, (float(values["share"]), 0.0), ramp_ns, f"{values['share']:.0%} lost")
        elif kind == "cut":
            ways = {"both": 3.0, "to": 1.0, "from": 2.0}
            layer = self._handle(kind, (ways[str(values.get("direction", "both"))], 0.0), 0, "cut")
        else:
            raise ValueError(f"there is no layer called {kind!r}")
        if kind in ("slow", "errors"):
            places = self._places(target)
            self.layers[layer.handle] = (layer, places, [], "")
            for place in places:
                place.layers.append(layer)
                place.refold()
                place.touch()
                if ramp_ns:
                    self.ramping.append(place)
        else:
            wires = [w for w in self.wires if w.name == target.link]
            self.layers[layer.handle] = (layer, [], wires, "")
            for wire in wires:
                self._lay_on_wire(wire, layer)
        return layer.handle

    def _lay_on_wire(self, wire: Wire, layer: Layer) -> None:
        wire.layers.append(layer)
        wire.clean = False
        if layer.kind == "cut":
            wire.cut_to += int(layer.a) & 1
            wire.cut_back += int(layer.a) >> 1

    def surge(self, producer: str, factor: float, ramp_ns: int = 0) -> int:
        """Offer `factor` times the declared rate: the rest in a stream of its own."""
        layer = self._handle("surge", (factor, 0.0), ramp_ns, f"{factor:g} times the rate")
        self.layers[layer.handle] = (layer, [], [], producer)
        self.surges += 1
        layer.code = self.surges
        self._stream(producer, self.surges, factor - 1.0, ramp_ns)
        return layer.handle

    def _stream(self, producer: str, number: int, extra: float, ramp_ns: int) -> None:
        place = self.groups[producer].places[0]
        place.now = self.core.engine.now = self.upto
        place.machine.on_surge(place, number, extra, ramp_ns)
        self.core.drain()

    def lift(self, handle: int) -> None:
        """Take back one layer, kill, freeze or surge; twice is harmless."""
        found = self.layers.pop(handle, None)
        if found is None:
            return
        layer, places, wires, producer = found
        layer_kind = layer.kind
        layer.a = 0.0 if layer_kind in ("down", "frozen") else layer.a
        for place in places:
            if layer_kind == "down":
                place.lift_down(handle)
            elif layer_kind == "frozen":
                place.thaw(handle)
            else:
                place.layers = [y for y in place.layers if y.handle != handle]
                place.refold()
                place.touch()
        for wire in wires:
            self._lift_from_wire(wire, layer)
        if producer:
            self._stream(producer, layer.code, 0.0, 0)
        self.core.drain()

    def _lift_from_wire(self, wire: Wire, layer: Layer) -> None:
        wire.layers = [y for y in wire.layers if y.handle != layer.handle]
        wire.clean = not wire.layers
        if layer.kind == "cut":
            wire.cut_to -= int(layer.a) & 1
            wire.cut_back -= int(layer.a) >> 1
            wire.reopen(self.core)

    # Verbs that change

    def scale(self, node: str, replicas: int) -> None:
        """Start new replicas, or drain the last ones, until there are that many."""
        group = self.groups[node]
        plan = self.plan.node(node)
        assert plan is not None
        present = [p for p in group.places if not p.draining and not p.gone]
        for place in present[replicas:]:
            place.drain_out()
        for _ in range(len(present), replicas):
            place = self._add_place(group, plan, len(group.places))
            self._connect(place)
            place.begin()
        self.core.drain()

    def rewire(self, node: str) -> None:
        """Restart a node's replicas one at a time with today's list; a producer just reads it anew."""
        group = self.groups[node]
        restart = max([int(p.values.get("restart") or 0) for p in self._outgoing(node)] or [0])
        i = 0
        for place in group.places:
            if place.gone or place.draining:
                continue
            if group.source:
                place.wire_up()
                continue
            layer = self._handle("restart", (float(restart), 0.0), 0, "restarts")
            self.core.engine.after(restart * i, T_RESTART, place, layer, -1)
            i += 1

    def set(self, node: str, name: str, value: Any) -> None:
        """Change one parameter of every replica, in its inner value."""
        self.values[node][name] = value
        for place in self.groups[node].places:
            if not place.gone:
                self._configure(place)

    def rate(self, producer: str, per_second: float) -> None:
        """Offer at this rate: more comes as a stream of its own, less by thinning the first."""
        place = self.groups[producer].places[0]
        base = place.machine.gauges(place)["rate"]
        if producer in self.rates:
            self._stream(producer, self.rates.pop(producer), 0.0, 0)
        factor = per_second / base
        place.machine.on_thin(place, min(1.0, factor))
        if factor > 1.0:
            self.surges += 1
            self.rates[producer] = self.surges
            self._stream(producer, self.surges, factor - 1.0, 0)

    def redrive(self, node: str) -> None:
        """Give what a dead-letter queue holds back to the queue it came from."""
        place = self.groups[node].places[0]
        place.now = self.core.engine.now = self.upto
        place.machine.on_redrive(place)
        self.core.drain()

    def replicas(self, node: str) -> Sequence[int]:
        """The indices of replicas that are there to stay."""
        places = self.groups[node].places
        return [i for i, p in enumerate(places) if not p.draining and not p.gone]

    def stop(self) -> None:
        """Producers offer nothing more."""
        for flow in self.flows:
            place = self.groups[flow.producer].places[0]
            place.machine.on_stop(place)

    # Looking

    def mark(self) -> int:
        """A new era begins."""
        for flow in self.flows:
            flow.mark()
        for watch in self.watches:
            watch.mark(self._tick_before(), self.upto)
        self.eras.append(self.upto)
        return len(self.eras) - 1

    def baseline(self) -> None:
        """What each node's normal is, and what was unanswered when the first fault came."""
        for watch in self.watches:
            watch.health.learn_no_more()
        self.core.ledger.baseline(self.upto)

    def idle(self) -> bool:
        """Whether nothing can change any message's fate any more, short of a redrive."""
        if not self.core.ledger.idle():
            return False
        return not any(group.managed and group.places[0].machine.unfinished() for group in self.core.groups)

    def tallies(self, producer: str) -> Sequence[Tally]:
        """One tally for each era."""
        return self._flow_of(producer).tallies

    def _flow_of(self, producer: str) -> Flow:
        for flow in self.flows:
            if flow.producer == producer:
                return flow
        raise KeyError(producer)

    def samples(self, node: str) -> Sequence[Samples]:
        """Grid samples, summed for each era."""
        return self._watch(node).upto(self._tick_before())

    def _tick_before(self) -> int:
        """The last grid step that has happened."""
        return (self.upto - 1) // self.grid_ns if self.upto > 0 else 0

    def _watch(self, node: str) -> Watch:
        return self.watches[self.groups[node].index]

    def turns(self) -> Sequence[Turn]:
        """When nodes turned unhealthy or healthy."""
        return self.turned

    def notes(self) -> Sequence[tuple[int, str, str]]:
        """What nodes and policies had to say: (instant, replica, words)."""
        return self.core.notes

    def series(self, name: str) -> tuple[int, Sequence[float]]:
        """A bounded series by name; KeyError when there is none."""
        node, _, what = name.partition(".")
        for fw in self.flow_watches:
            found = fw.series(what) if fw.flow.producer == node else None
            if found is not None:
                return found.width_ns, found.values()
        watch = self._watch(node)
        if what not in ("depth", "busy"):
            raise KeyError(name)
        one = watch.depth if what == "depth" else watch.busy
        return one.width_ns, one.values()

    def frame(self) -> Frame:
        """A picture of this instant."""
        for group in self.core.groups:
            for place in group.places:
                place.meter.close(self.upto)
        return draw_frame(self.plan, self.core, self.wires, self.watches, self.flow_watches, self.upto, self.grid_ns)

    def sums(self) -> dict[str, Any]:
        """Figures of nodes and links over the whole run so far."""
        for group in self.core.groups:
            for place in group.places:
                place.meter.close(self.upto)
        return sum_up(self.core, self.wires, self.watches, self.upto)

    def fates(self) -> str:
        """Every fate count of every era, and the hash of all changed grid samples."""
        rows = [f"{f.producer}:{[_counts(t) for t in f.tallies]}" for f in self.flows]
        return f"{self.plan.name};{';'.join(rows)};{self.core.samples_hash()}"

    def close(self) -> None:
        """Let go of everything that points in circles: what is compiled is not garbage-collected."""
        self.core.close()
        for wire in self.wires:
            wire.parked = []
        for group in self.core.groups:
            for place in group.places:
                place.close()
        self.core.groups = []


def _counts(t: Tally) -> tuple[int, ...]:
    """Every fate count of one era."""
    return (t.offered, t.unanswered, t.waiting, t.served, t.late, t.refused, t.failed, t.lost, t.dead_lettered)
