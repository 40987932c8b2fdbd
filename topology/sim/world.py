"""The simulated world of one design: built from its plan, driven in virtual time, changed only through its verbs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from mypy_extensions import i64

from topology.chance import text_hash
from topology.frame import Frame
from topology.layers import OF_WORK, PLACE, SORTS, WAYS, WIRE, sort_of, strengths, words_of
from topology.ledger import Ledger
from topology.links import delivers
from topology.message import Flow, Reach, Tally, reason
from topology.node import PRODUCER, SOURCES, WORKERS, Node
from topology.offering import offers
from topology.plan import BALANCED, LIST, PULL, DesignPlan, LinkPlan, NodePlan, Playground
from topology.policy import LinkPolicy, NodePolicy, ScalePolicy
from topology.registry import kind, policy
from topology.series import Samples
from topology.sim.core import T_BEAT, T_PROVIDED, T_RESTART, T_SWITCH, Core, Layer
from topology.sim.elsewhere import Clerk, Elsewhere, Local, Peer
from topology.sim.engine import COMPILED
from topology.sim.picture import draw_frame, sum_up
from topology.sim.place import Place, switch
from topology.sim.reaches import reaches_of
from topology.sim.scaler import Scaler
from topology.sim.sender import Group
from topology.sim.watch import FlowWatch, Watch
from topology.sim.wire import Inlet, Outlet, Wire
from topology.witness import Wanted, Witness
from topology.world import Beat, Target, Turn

if TYPE_CHECKING:  # few runs are looked into
    from topology.tables import Table
    from topology.workflow_frame import WorkflowFrame

POWERS: Final = frozenset(
    {"kill", "freeze", "lay", "surge", "scale", "rewire", "set", "rate", "redrive", "flush", "links"}
)
__all__ = ["COMPILED", "SimWorld"]


class SimWorld:
    """One design in virtual time. See `topology.world.World` for the verbs; all instants are nanoseconds."""

    def __init__(
        self,
        plan: DesignPlan,
        playground: Playground,
        seed: int,
        wanted: list[Wanted] | None = None,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self.plan = plan
        self.elsewhere = elsewhere
        self.powers = POWERS
        self.seed = seed
        self.grid_ns: i64 = playground.grid_ns
        names = [node.name for node in plan.nodes]
        self.flows = [self._flow(i, f.producer, f.work, names) for i, f in enumerate(playground.flows)]
        here = {n.name for n in plan.nodes if offers(kind(n.kind), n.name, plan.links)}
        self.offered = [flow for flow in self.flows if flow.producer in here]
        """The flows that somebody of this design offers messages of; a node may have links in one design and none in another."""
        self.core = Core(seed, self._ledger(wanted), names)
        self.values: dict[str, dict[str, Any]] = {n.name: dict(n.values) for n in plan.nodes}
        self.groups: dict[str, Group] = {}
        self.wires: list[Wire] = []
        self.pulls: dict[str, list[Wire]] = {}
        self.upto: i64 = 0
        self.next_tick: i64 = 0
        self.handles = 0
        self.layers: dict[int, Layer] = {}
        self.refusals = 0
        self.ramping: list[Place] = []
        self.scalers: list[Scaler] = []
        self.rates: dict[str, int] = {}
        self.turned: list[Turn] = []
        self.eras: list[int] = [0]
        self._build(plan)
        self.scalers = self._scalers(plan)
        self.watches = [Watch(g, playground.grid_ns) for g in self.core.groups]
        self.flow_watches = [FlowWatch(f, playground.grid_ns) for f in self.offered]
        self._begin()

    # Building

    def _ledger(self, wanted: list[Wanted] | None) -> Ledger:
        """Who keeps the books, or takes down what others put into theirs."""
        elsewhere = self.elsewhere
        if elsewhere is not None and elsewhere.split:
            return Clerk(self.flows, elsewhere)
        return Ledger(self.flows) if wanted is None else Witness(self.flows, wanted)

    def _flow(self, index: int, producer: str, work: tuple[str, ...], names: list[str]) -> Flow:
        root = text_hash(producer) & 0x7FFFFFFF
        return Flow(index, producer, list(work), root, names, self.grid_ns)

    def _build(self, plan: DesignPlan) -> None:
        for index, node in enumerate(plan.nodes):
            cls = kind(node.kind)
            group = Group(index, node.name, node.kind, bool(cls.managed), cls.role in SOURCES)
            group.dice_name = node.dice or node.name
            group.start_ns = int(node.values.get("start") or 0)
            group.clients = int(node.values.get("clients") or 0)
            group.zones = node.zones
            self.groups[node.name] = group
            self.core.groups.append(group)
            for i in range(node.replicas):
                self._add_place(group, node, i)
        for index, link in enumerate(plan.links):
            self.wires.append(self._wire(index, link))
        reaches = reaches_of(plan, [(f.producer, f.parts) for f in self.flows])
        nothing = Reach([], -1, 0)
        for wire, rows in zip(self.wires, reaches, strict=True):
            wire.reaches = [Reach(parts, part, bit) if parts else nothing for parts, part, bit in rows]
        ledger = self.core.ledger
        if isinstance(ledger, Clerk):
            ledger.know(self.wires)
        for group in self.core.groups:
            for place in group.places:
                self._connect(place)
        for flow in self.offered:
            group = self.groups[flow.producer]
            place = group.places[0]
            place.flow = flow
            place.counts_attempts = True
            flow.inside = not group.source
            if group.clients > 0:
                flow.clients = group.clients
            flow.keyed = self.values[flow.producer].get("keys") is not None

    def _add_place(self, group: Group, node: NodePlan, index: int) -> Place:
        place = self._place(group, node, index)
        machine = place.machine
        place.folding = {name: sort.fold for name, sort in SORTS.items()} | dict(machine.layers)
        if group.zones > 0:
            place.zone = index % group.zones
        group.places.append(place)
        return place

    def _place(self, group: Group, node: NodePlan, index: int) -> Place:
        """A replica: one of this process, one that lives elsewhere, or, mostly, one of a world that has all of them itself."""
        elsewhere = self.elsewhere
        if elsewhere is None:
            return Place(self.core, group, index, kind(node.kind)())
        machine: Node = elsewhere.machine(node, index) or kind(node.kind)()
        if not elsewhere.split:
            return Place(self.core, group, index, machine)
        if elsewhere.lives_here(node.name, index):
            return Local(self.core, group, index, machine, elsewhere)
        return Peer(self.core, group, index, machine, elsewhere)

    def _wire(self, index: int, link: LinkPlan) -> Wire:
        caller, callee = self.groups[link.caller], self.groups[link.callee]
        wire = Wire(index, link.name, caller, callee, link.values["delay"], self.seed)
        if wire.fixed > 0:
            wire.lane = self.core.engine.lane(wire.fixed)
        if wire.handoff and link.wiring != PULL:
            wire.handoff = not delivers(caller.places[0].machine.role, callee.places[0].machine.role)
        wire.release_on_failure = link.values.get("on_failure") not in (None, "wait")
        caller.wires.append(wire)
        if link.wiring == PULL:
            self.pulls.setdefault(link.callee, []).append(wire)
        return wire

    def _connect(self, place: Place) -> None:
        """Give a replica its ends of the links, in file order, calls before hand-offs, and configure it."""
        plans = self.plan.links
        own = [(w, plans[w.index]) for w in self.groups[place.node].wires]
        for wire, link in sorted(own, key=lambda pair: pair[1].mode == "=>"):
            if link.wiring == PULL:
                place.deliveries.append(wire)
                continue
            outlet = Outlet(wire, self._link_policies(place, link))
            outlet.spread = link.wiring == LIST or (wire.callee.managed and link.wiring != BALANCED)
            outlet.counts = link.wiring == BALANCED
            if outlet.limit_ns > 0:
                outlet.lane = self.core.engine.lane(outlet.limit_ns)
            place.outlets.append(outlet)
        for wire in self.pulls.get(place.node, []):
            queue = wire.caller
            nth = [w for w in queue.wires if plans[w.index].wiring == PULL].index(wire)
            place.inlets_.append(Inlet(wire, queue, nth))
        place.links = len(place.outlets)
        place.inlets = len(place.inlets_)
        place.guards = self._guards(place)
        self._configure(place)

    def _guards(self, place: Place) -> list[NodePolicy]:
        """The policies at a replica's door, each with a memory of its own."""
        node = self.plan.nodes[self.groups[place.node].index]
        made: list[NodePolicy] = []
        for name in sorted(node.policies):
            one = policy(name)()
            if isinstance(one, NodePolicy):
                one.configure(place, node.policies[name], place.node)
                made.append(one)
        return made

    def _scalers(self, plan: DesignPlan) -> list[Scaler]:
        """What decides how many replicas a node has: one for each node that says so."""
        found: list[Scaler] = []
        for node in plan.nodes:
            for name in sorted(node.policies):
                one = policy(name)()
                if isinstance(one, ScalePolicy):
                    scaler = Scaler(one, self.groups[node.name], self.core)
                    one.configure(scaler, node.policies[name], node.name)
                    found.append(scaler)
        return found

    def _link_policies(self, place: Place, link: LinkPlan) -> list[LinkPolicy]:
        made: list[LinkPolicy] = []
        for name in sorted(link.policies):
            one = policy(name)()
            assert isinstance(one, LinkPolicy)
            one.configure(place, link.policies[name], f"{link.caller} {link.mode} {link.callee}")
            made.append(one)
        return made

    def _configure(self, place: Place) -> None:
        values = dict(self.values[place.node])
        values["out"] = [
            p.values | {"mode": p.mode, "to": p.callee} | self._whom(p.callee) for p in self._outgoing(place.node)
        ]
        pulled = [self.plan.links[w.index] for w in self.pulls.get(place.node, [])]
        values["in"] = [p.values | {"from": p.caller, "role": self._whom(p.caller)["role"]} for p in pulled]
        values["consumers"] = [p.values | {"to": p.callee} | self._whom(p.callee) for p in self._consumers(place.node)]
        place.now = self.core.engine.now
        place.machine.configure(place, values, place.guards)
        place.machine.on_layers(place)
        place.slots = place.machine.slots_now()
        place.cores = place.machine.cores_now()

    def _whom(self, name: str) -> dict[str, Any]:
        """What a caller may know of a callee."""
        called = self.groups[name].kind
        cls = kind(called)
        return {"kind": called, "role": cls.role, "in_turn": cls.in_turn}

    def _consumers(self, name: str) -> list[LinkPlan]:
        """The links over which others consume what a node keeps, in file order."""
        return [p for p in (self.plan.links[w.index] for w in self.groups[name].wires) if p.wiring == PULL]

    def _outgoing(self, name: str) -> list[LinkPlan]:
        own = [p for p in (self.plan.links[w.index] for w in self.groups[name].wires) if p.wiring != PULL]
        return sorted(own, key=lambda p: p.mode == "=>")

    def _begin(self) -> None:
        """Everything comes up at instant 0: callees before callers matter not, since nothing moves before the first timer."""
        if self.elsewhere is not None and self.elsewhere.split:
            return  # each comes up when its process is told to
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

    def catch_up(self, now_ns: int) -> int:
        """Let what is due up to now happen, and look at no grid: for a process that is a part of a world, by a real clock.

        Returns when the next timer is due, or -1.
        """
        core = self.core
        core.drain()
        self._run(now_ns + 1)
        if now_ns > core.engine.now:
            core.engine.now = now_ns
        self.upto = core.engine.now
        return int(core.engine.next_at())

    def refold(self) -> None:
        """Fold anew what grows by itself; a grid step does the same."""
        self._fold_ramps(self.upto)
        self.core.drain()

    def _fold_ramps(self, at: i64) -> None:
        for place in self.ramping:
            place.refold()
        self.ramping = [p for p in self.ramping if p.grows(at)]

    def add_place(self, name: str) -> Place:
        """One more replica of a node, which is not up yet."""
        plan = self.plan.node(name)
        assert plan is not None
        group = self.groups[name]
        place = self._add_place(group, plan, len(group.places))
        self._connect(place)
        return place

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
            self._fold_ramps(at)
        for scaler in self.scalers:
            if at >= scaler.next_at:
                self._scale_itself(scaler, at)
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

    def _layer(self, name: str, strengths: tuple[float, float], ramp_ns: int, words: str, beats: Beat | None) -> Layer:
        self.handles += 1
        layer = Layer(self.handles, name, strengths[0], strengths[1], self.upto, ramp_ns, words)
        if beats is not None:
            layer.beat_on, layer.beat_off = beats.on_ns, beats.off_ns
            layer.on = beats.after_ns == 0
        self.layers[layer.handle] = layer
        return layer

    def _start_beat(self, layer: Layer, beats: Beat | None) -> None:
        """Wait for the first time that a layer with a beat is switched."""
        if beats is None:
            return
        first = beats.on_ns if layer.on else beats.after_ns
        if first > 0 and (layer.places or layer.wires):
            self.core.engine.after(first, T_BEAT, layer.owner(), layer, -1)

    def _places(self, target: Target) -> list[Place]:
        group = self.groups[target.node]
        return [group.places[i] for i in target.replicas]

    def _one_by_one(self, name: str, target: Target, ramp_ns: int, beats: Beat | None) -> int:
        layer = self._layer(name, (1.0, 0.0), 0, name, beats)
        places = self._places(target)
        layer.places.extend(places)
        for i, place in enumerate(places):
            delay = ramp_ns * i // len(places)
            if delay:
                self.core.engine.after(delay, T_SWITCH, place, layer, -1)
            elif layer.on:
                switch(place, layer)
        self._start_beat(layer, beats)
        self.core.drain()
        return layer.handle

    def kill(self, target: Target, ramp_ns: int = 0, silent: bool = False, beats: Beat | None = None) -> int:
        """Processes gone, host up; silent: hosts gone, too. With a ramp one after the other."""
        return self._one_by_one("dark" if silent else "down", target, ramp_ns, beats)

    def freeze(self, target: Target, ramp_ns: int = 0, beats: Beat | None = None) -> int:
        """SIGSTOP; with a ramp one after the other."""
        return self._one_by_one("frozen", target, ramp_ns, beats)

    def takes(self, kind: str, target: Target) -> bool:
        """Whether such a layer can lie there and means anything there; `flush` and `redrive`: whether these would."""
        if target.link:
            return kind in SORTS and SORTS[kind].where == WIRE and self._bears(kind, target.link)
        machine = self.groups[target.node].places[0].machine
        if kind == "flush":
            return type(machine).on_flush is not Node.on_flush
        if kind == "redrive":
            return machine.gives_back and machine.minds(kind)
        found = sort_of(kind, machine.layers)
        return found is not None and found.where == PLACE and self._minds(kind, target.node, machine)

    def _bears(self, kind: str, link: str) -> bool:
        """Whether a link has what such a layer is about: connections of a pool, attempts that can be repeated."""
        plans = [plan for plan in self.plan.links if plan.name == link]
        if kind == "leased":
            return any("pool" in plan.policies for plan in plans)
        return kind != "hammer" or any(plan.wiring != PULL for plan in plans)

    def _minds(self, kind: str, node: str, machine: Node) -> bool:
        """Whether a node has what such a layer is about."""
        if kind not in SORTS:
            return machine.minds(kind)
        if kind in OF_WORK:
            return machine.role in WORKERS
        if kind in ("slots", "cores"):
            return machine.slots_now() > 0
        if kind == "hot":
            return self.values[node].get("keys") is not None
        into = {plan.wiring for plan in self.plan.links if plan.callee == node}
        if kind == "throttle":
            return bool(into - {PULL})
        if kind == "skew" and machine.role == PRODUCER:
            return any(group.places[0].machine.reads_times for group in self.groups.values())
        if kind == "beats":
            return PULL in into and not machine.managed
        return kind != "lies" or BALANCED in into

    def lay(
        self, kind: str, target: Target, values: dict[str, Any], ramp_ns: int = 0, beats: Beat | None = None
    ) -> int:
        """Lay a layer on replicas or on a link; ValueError where such a layer cannot lie."""
        own = self.groups[target.node].places[0].machine.layers if target.node else {}
        sort = sort_of(kind, own)
        if sort is None or (sort.where == WIRE) != bool(target.link):
            raise ValueError(f"there is no layer called {kind!r} on {target}")
        a, b = strengths(values)
        layer = self._layer(kind, (a, b), ramp_ns, words_of(sort, a, b), beats)
        layer.code = reason(str(values["reason"])) if values.get("reason") else 0
        layer.ways = WAYS[str(values.get("direction", "both"))]
        layer.sticky = bool(values.get("sticky"))
        if kind == "refuse":
            self.refusals += 1
            layer.number = self.refusals
        if sort.where == PLACE:
            self._lay_on_places(layer, self._places(target))
        else:
            for wire in self.wires:
                if wire.name == target.link:
                    layer.wires.append(wire)
                    wire.layers.append(layer)
                    wire.fold(self.core)
        self._start_beat(layer, beats)
        self.core.drain()
        return layer.handle

    def _lay_on_places(self, layer: Layer, places: list[Place]) -> None:
        layer.places.extend(places)
        for place in places:
            place.now = self.core.engine.now
            place.cover(layer)
            if place.grows(self.upto):
                self.ramping.append(place)

    def surge(self, producer: str, factor: float, ramp_ns: int = 0, beats: Beat | None = None) -> int:
        """Offer `factor` times the declared rate: the rest in a stream of its own."""
        layer = self._layer("surge", (factor, 0.0), ramp_ns, f"{factor:g} times the rate", beats)
        return self._send_stream(layer, producer, beats)

    def _send_stream(self, layer: Layer, producer: str, beats: Beat | None) -> int:
        """Let a producer offer more, or less, for as long as a layer is on."""
        place = self.groups[producer].places[0]
        layer.places.append(place)
        self.core.engine.now = self.upto
        if layer.on:
            switch(place, layer)
        self._start_beat(layer, beats)
        self.core.drain()
        return layer.handle

    def crowd(self, producer: str, per_second: float, beats: Beat | None = None) -> int:
        """Offer so many more messages per second, in a stream of its own."""
        layer = self._layer("crowd", (per_second, 0.0), 0, f"{per_second:g} more a second", beats)
        return self._send_stream(layer, producer, beats)

    def _stream(self, producer: str, number: int, extra: float) -> None:
        place = self.groups[producer].places[0]
        place.now = self.core.engine.now = self.upto
        place.machine.on_surge(place, number, extra, 0)
        self.core.drain()

    def lift(self, handle: int) -> None:
        """Take back one layer, kill, freeze or surge; twice is harmless."""
        layer = self.layers.pop(handle, None)
        if layer is None:
            return
        was_on = layer.on
        layer.lifted = True
        layer.on = False
        for place in layer.places:
            if layer.kind not in ("down", "dark", "frozen", "surge", "crowd"):
                place.uncover(layer)
            elif was_on:
                switch(place, layer)
        for wire in layer.wires:
            wire.layers = [y for y in wire.layers if y is not layer]
            wire.fold(self.core)
        self.core.drain()

    # Verbs that change

    def scale(self, node: str, replicas: int) -> None:
        """Start new replicas, or drain the last ones, until there are that many."""
        group = self.groups[node]
        present = [p for p in group.places if not p.draining and not p.gone]
        for place in present[replicas:]:
            place.drain_out()
        for _ in range(len(present), replicas):
            self.add_place(node).begin()
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
            self.handles += 1
            layer = Layer(self.handles, "restart", float(restart), 0.0, self.upto, 0, "restarts")
            self.core.engine.after(restart * i, T_RESTART, place, layer, -1)
            i += 1

    def set(self, node: str, name: str, value: Any) -> None:
        """Change one parameter of every replica, in its inner value."""
        self.values[node][name] = value
        group = self.groups[node]
        if name == "start":
            group.start_ns = int(value)
        elif name == "clients" and group.source:
            self._set_clients(group, int(value or 0))
        for place in group.places:
            if not place.gone:
                self._configure(place)

    def _set_clients(self, group: Group, count: int) -> None:
        """So many clients from now on; each is wired to today's list."""
        group.clients = count
        place = group.places[0]
        if place.flow is not None and count > 0:
            place.flow.clients = count
        place.wire_up()

    def rate(self, producer: str, per_second: float) -> None:
        """Offer at this rate: more comes as a stream of its own, less by thinning the first."""
        place = self.groups[producer].places[0]
        base = place.machine.gauges(place)["rate"]
        if producer in self.rates:
            self._stream(producer, self.rates.pop(producer), 0.0)
        factor = per_second / base
        place.machine.on_thin(place, min(1.0, factor))
        if factor > 1.0:
            self.core.surges += 1
            self.rates[producer] = self.core.surges
            self._stream(producer, self.core.surges, factor - 1.0)

    def flush(self, node: str) -> None:
        """Forget what every replica of a node stored only to be quick."""
        for place in self.groups[node].places:
            place.now = self.core.engine.now = self.upto
            place.machine.on_flush(place)
            place.touch()
        self.core.drain()

    def _scale_itself(self, scaler: Scaler, at: i64) -> None:
        """Ask a scaling policy how many replicas there should be, and see to it."""
        wanted = scaler.look(at)
        group = scaler.group
        present = [p for p in group.places if not p.draining and not p.gone]
        if wanted < len(present):
            for place in present[wanted:]:
                place.drain_out()
        for n in range(len(present), wanted):
            delay = scaler.policy.start_ns(scaler, n + 1)
            if delay >= 0:
                self._provide(group.name, delay)
        self.core.drain()

    def _provide(self, name: str, delay: i64) -> None:
        """One more replica, on a machine that is there after a delay."""
        place = self.add_place(name)
        if delay > 0:
            place.provided = False
            place.starting = True
            self.core.engine.after(delay, T_PROVIDED, place, None, -1)
        else:
            place.begin()

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
        for flow in self.offered:
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

    def parts(self, node: str) -> dict[str, dict[str, float]]:
        """The parts that a managed node consists of, each with its figures now; none of any other."""
        place = self.groups[node].places[0]
        return place.machine.views(place) if place.managed else {}

    def tables(self, node: str) -> list[Table]:
        """What a managed node consists of as tables; none of any other."""
        place = self.groups[node].places[0]
        return place.machine.tables(place) if place.managed else []

    def workflow(self, node: str, execution: int) -> WorkflowFrame | None:
        """The workflow that a managed node runs; None of any other."""
        place = self.groups[node].places[0]
        return place.machine.workflow(place, execution) if place.managed else None

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
