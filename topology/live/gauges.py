"""Figures of replicas: measured in their processes, a few times a second, and shown in the places of whoever runs the world."""

from __future__ import annotations

from typing import Any, Final

from topology.histogram import Histogram
from topology.message import Codes, reason, reason_words
from topology.node import Context, Node
from topology.plan import NodePlan
from topology.policy import LinkPolicy
from topology.registry import kind
from topology.sim.elsewhere import Local
from topology.sim.place import Place
from topology.sim.sender import Group
from topology.sim.wire import Wire
from topology.sim.world import SimWorld

TOTALS: Final = (
    "arrivals",
    "departures",
    "served",
    "inside_ns",
    "busy_ns",
    "working_ns",
    "wait_ns",
    "service_ns",
    "stay_ns",
)
"""Of a meter: what only grows. A process that is started anew begins at 0, and goes on where the one before it stopped."""
NOW: Final = ("inside", "busy", "working", "queued")
"""Of a meter: what is so just now."""
COPIED: Final = ("role", "managed", "layers", "gives_back", "works", "like", "in_turn", "shields", "selects")


class Gauge:
    """Measures one process's share of a world; each time, what happened since the last."""

    def __init__(self, world: SimWorld, places: list[Place]) -> None:
        self.world = world
        self.places = places
        self.good: dict[str, tuple[int, int]] = {}
        self.wires: dict[int, tuple[int, int]] = {}
        self.codes: dict[str, dict[int, int]] = {}
        self.noted = 0

    def measure(self) -> dict[str, Any]:
        """All figures, ready to be sent."""
        now = self.world.now
        notes = self.world.core.notes[self.noted :]
        self.noted += len(notes)
        return {
            "at": now,
            "places": [self._place(place, now) for place in self.places],
            "groups": {g.name: row for g in self.world.core.groups if (row := self._group(g))},
            "wires": {str(w.index): row for w in self.world.wires if (row := self._wire(w))},
            "notes": notes,
        }

    def _place(self, place: Place, now: int) -> dict[str, Any]:
        meter, machine = place.meter, place.machine
        meter.close(now)
        return {
            "who": [place.node, int(place.index)],
            "totals": [int(getattr(meter, name)) for name in TOTALS],
            "now": [int(getattr(meter, name)) for name in NOW],
            "depth": machine.depth(),
            "in_flight": machine.in_flight(),
            "oldest": machine.oldest(now),
            "slots": machine.slots_now(),
            "cores": machine.cores_now(),
            "unfinished": machine.unfinished(),
            "gauges": machine.gauges(place) if place.up else {},
            "out": [int(outlet.out) for outlet in place.outlets],
            "says": [outlet.state() for outlet in place.outlets],
        }

    def _group(self, group: Group) -> list[Any]:
        before = self.good.get(group.name, (0, 0))
        now = (int(group.good), int(group.bad))
        if now == before and group.recent.count == 0:
            return []
        self.good[group.name] = now
        recent = group.recent.packed()
        group.recent.clear()
        return [now[0] - before[0], now[1] - before[1], self._codes(f"g{group.name}", group.codes), recent]

    def _wire(self, wire: Wire) -> list[Any]:
        before = self.wires.get(int(wire.index), (0, 0))
        now = (int(wire.attempts), int(wire.bad))
        if now == before and wire.open == 0 and int(wire.index) not in self.wires:
            return []
        self.wires[int(wire.index)] = now
        return [int(wire.open), now[0] - before[0], now[1] - before[1], self._codes(f"w{wire.index}", wire.codes)]

    def _codes(self, name: str, codes: Codes) -> list[Any]:
        """What was counted since the last time: where, why, how often."""
        all_now = dict(codes.all())
        before = self.codes.get(name, {})
        self.codes[name] = all_now
        return [[c >> 16, reason_words(c), n - before.get(c, 0)] for c, n in all_now.items() if n != before.get(c, 0)]


class Mirror(Node):
    """Stands for a replica whose process is elsewhere: does nothing, and says what that process said last."""

    def __init__(self) -> None:
        self.said: dict[str, Any] = {}

    def stand_for(self, real: Node) -> None:
        """What it is in that process."""
        self.real = real

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.real.configure(ctx, values, policies)

    def on_layers(self, ctx: Context) -> None:
        self.real.on_layers(ctx)

    def minds(self, layer: str) -> bool:
        return self.real.minds(layer)

    def depth(self) -> int:
        return int(self.said.get("depth", 0))

    def in_flight(self) -> int:
        return int(self.said.get("in_flight", 0))

    def oldest(self, now: int) -> int:
        age: int = self.said.get("oldest", 0)
        return age + (now - self.said["at"] if age else 0)

    def unfinished(self) -> bool:
        return bool(self.said.get("unfinished"))

    def slots_now(self) -> int:
        return self.real.slots_now()

    def cores_now(self) -> int:
        return self.real.cores_now()

    def gauges(self, ctx: Context) -> dict[str, float]:
        return self.said["gauges"] if self.said else self.real.gauges(ctx)


def _quiet(machine: Node, ctx: Context) -> None:
    """What the process does."""


def mirror_of(node: NodePlan) -> Mirror:
    """What stands for a replica of that node: to whoever looks it is of its kind."""
    cls: Any = kind(node.kind)
    fields: dict[str, Any] = {name: getattr(cls, name) for name in COPIED}
    if cls.on_flush is not Node.on_flush:
        fields["on_flush"] = _quiet
    made: Mirror = type("Mirror", (Mirror,), fields)()
    made.stand_for(cls())
    return made


class Says(LinkPolicy):
    """Stands for the policies of a link's end, and says what they said last."""

    words = ""

    def state(self) -> str:
        return self.words


class Board:
    """Shows in the places of a world what the processes say."""

    def __init__(self, world: SimWorld) -> None:
        self.world = world
        self.before: dict[tuple[str, int], list[int]] = {}
        """Totals of earlier processes of a replica."""
        self.totals: dict[tuple[str, int], list[int]] = {}
        self.open: dict[int, dict[str, int]] = {}

    def show(self, process: str, said: dict[str, Any]) -> None:
        """One process measured."""
        for one in said["places"]:
            self._place(one, said["at"])
        for name, row in said["groups"].items():
            self._group(name, row)
        for index, row in said["wires"].items():
            self._wire(process, int(index), row)
        notes = self.world.core.notes
        for at, who, words in said["notes"]:
            if len(notes) < 10_000:
                notes.append((at, who, words))

    def over(self, process: str, places: list[tuple[str, int]]) -> None:
        """A process is gone: what it had counted stays, what it had just then is no more."""
        for who in places:
            if who in self.totals:
                self.before[who] = self.totals[who]
            node, index = who
            place = self.world.groups[node].places[index]
            for name in NOW:
                setattr(place.meter, name, 0)
            for outlet in place.outlets:
                outlet.out = 0
        for index, by in self.open.items():
            by.pop(process, None)
            self.world.wires[index].open = sum(by.values())

    def _place(self, one: dict[str, Any], at: int) -> None:
        node, index = one["who"]
        place = self.world.groups[node].places[index]
        before = self.before.get((node, index))
        totals = one["totals"] if before is None else [a + b for a, b in zip(one["totals"], before, strict=True)]
        self.totals[node, index] = totals
        meter = place.meter
        meter.close(max(at, int(meter.at)))
        for name, value in zip(TOTALS, totals, strict=True):
            setattr(meter, name, value)
        for name, value in zip(NOW, one["now"], strict=True):
            setattr(meter, name, value)
        meter.at = at
        machine = place.machine
        assert isinstance(machine, Mirror)
        machine.said = {**one, "at": at}
        place.slots, place.cores = one["slots"], one["cores"]
        for outlet, out, words in zip(place.outlets, one["out"], one["says"], strict=True):
            outlet.out = out
            if outlet.policies and isinstance(outlet.policies[0], Says):
                outlet.policies[0].words = words
            elif words:
                says = Says()
                says.words = words
                outlet.policies = [says]
        place.touch()

    def _group(self, name: str, row: list[Any]) -> None:
        group = self.world.groups[name]
        good, bad, codes, recent = row
        group.good += good
        group.bad += bad
        _count(group.codes, codes)
        if recent[0]:
            more = Histogram()
            more.unpack(recent)
            group.recent.merge(more)
        group.touch(self.world.core)

    def _wire(self, process: str, index: int, row: list[Any]) -> None:
        wire = self.world.wires[index]
        by = self.open.setdefault(index, {})
        by[process], attempts, bad, codes = row[0], row[1], row[2], row[3]
        wire.open = sum(by.values())
        wire.attempts += attempts
        wire.bad += bad
        last = _count(wire.codes, codes)
        if last:
            wire.last_code = last
        if attempts or bad:
            wire.caller.touch(self.world.core)


def _count(codes: Codes, more: list[Any]) -> int:
    """Add what was counted elsewhere; the last of the codes."""
    counts = codes.all()
    code = 0
    for where, why, n in more:
        code = (where << 16) | reason(why)
        counts[code] = counts.get(code, 0) + n
    return code


def own_places(world: SimWorld) -> list[Place]:
    """The replicas that live in this process."""
    return [place for group in world.core.groups for place in group.places if isinstance(place, Local)]
