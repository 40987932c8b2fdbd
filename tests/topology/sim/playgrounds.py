"""Random small playgrounds and random things to do to them, for tests of what is true of every world."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from tests.topology.worlds import MS, S, all_of, on_link, playground
from topology.plan import Playground
from topology.sim.world import SimWorld
from topology.world import Target

TAKES = st.sampled_from(["0s", "1ms", "7ms", "{exponential: {mean: 20ms}}", "{median: 15ms, p99: 90ms}", "150ms"])
DELAYS = st.sampled_from(["", "", ", delay: 3ms", ", delay: {uniform: {low: 0ms, high: 20ms}}"])


@dataclass
class Shape:
    """A playground being drawn."""

    nodes: dict[str, str] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)

    def made(self) -> Playground:
        return playground(self.nodes, self.links)


@st.composite
def services(draw: st.DrawFn) -> str:
    """The inside of a service."""
    words = f"service, replicas: {draw(st.integers(1, 3))}, slots: {draw(st.integers(1, 4))}, takes: {draw(TAKES)}"
    words += draw(st.sampled_from(["", "", ", cores: 1", ", order: parallel", ", start: 300ms", ", fails: 20%"]))
    words += draw(
        st.sampled_from(
            ["", "", ", queue: {limit: 3}", ", queue: {limit: 2, when_full: drop_oldest, order: lifo}", ", shed: {wait: 50ms}"]
        )
    )
    return words


@st.composite
def call_settings(draw: st.DrawFn) -> str:
    """The settings of a call."""
    words = draw(DELAYS)
    words += draw(st.sampled_from(["", ", timeout: 100ms", ", timeout: 400ms"]))
    words += draw(
        st.sampled_from(["", "", ", retry: {attempts: 3, backoff: 50ms}", ", retry: {attempts: 2, backoff: 0s, jitter: none}"])
    )
    words += draw(st.sampled_from(["", "", ", circuit_breaker: {least: 5, open: 500ms}", ", retry_budget: {burst: 2}"]))
    return words


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    """A producer, then a chain of services that call, balance, hand off or consume, and now and then a side branch."""
    shape = Shape()
    arrivals = draw(st.sampled_from(["poisson", "constant"]))
    deadline = draw(st.sampled_from(["300ms", "1s"]))
    shape.nodes["web"] = f"producer, rate: {draw(st.integers(5, 60))}/s, arrivals: {arrivals}, deadline: {deadline}"
    at = "web"
    for i in range(draw(st.integers(1, 3))):
        at = draw_stage(draw, shape, at, i)
        if draw(st.integers(0, 3)) == 0:
            shape.nodes[f"bank{i}"] = f"endpoint, takes: {draw(TAKES)}, fails: 10%" + draw(st.sampled_from(["", ", limit: 9/s"]))
            optional = draw(st.sampled_from(["", ", optional: true"]))
            shape.links.append(f"{{link: {at} -> bank{i}{optional}{draw(call_settings())}}}")
    return shape


def draw_stage(draw: st.DrawFn, shape: Shape, at: str, i: int) -> str:
    """One more service after `at`, and how it is reached."""
    name = f"s{i}"
    shape.nodes[name] = draw(services())
    how = draw(st.sampled_from(["call", "call", "balance", "queue", "memory" if at != "web" else "queue"]))
    if how == "call":
        wiring = draw(st.sampled_from(["", ", wiring: list"]))
        optional = draw(st.sampled_from(["", "", ", optional: true"])) if at != "web" else ""
        shape.links.append(f"{{link: {at} -> {name}{wiring}{optional}{draw(call_settings())}}}")
    elif how == "balance":
        shape.nodes[f"lb{i}"] = "load_balancer, health_check: {interval: 200ms, timeout: 100ms}"
        shape.links.append(f"{{link: {at} -> lb{i}{draw(call_settings())}}}")
        shape.links.append(f"{{link: lb{i} -> {name}{draw(call_settings())}}}")
    elif how == "memory":
        shape.links.append(f"{{link: {at} => {name}{draw(call_settings())}}}")
    else:
        draw_queue(draw, shape, at, name, i)
    return name


def draw_queue(draw: st.DrawFn, shape: Shape, at: str, name: str, i: int) -> None:
    """A queue between, maybe with a dead-letter queue."""
    words = f"sqs, visibility: {draw(st.sampled_from(['200ms', '1s']))}, in_flight: {draw(st.sampled_from([2, 120000]))}"
    if draw(st.booleans()):
        words += f", dead_letter: {{to: d{i}, after: {draw(st.integers(1, 3))}}}"
        shape.nodes[f"d{i}"] = "sqs, retention: 60s"
    shape.nodes[f"q{i}"] = words
    shape.links.append(f"{{link: {at} => q{i}{draw(call_settings())}}}")
    pull = f"batch: {draw(st.sampled_from([1, 5]))}, wait: {draw(st.sampled_from(['0s', '500ms', '20s']))}"
    failure = draw(st.sampled_from(["wait", "release"]))
    shape.links.append(f"{{link: q{i} => {name}, {pull}, on_failure: {failure}{draw(DELAYS)}}}")


@dataclass(frozen=True)
class Deed:
    """Something done to a world at an instant; `pick` and `size` choose the target and the strength among what there is."""

    at: int
    what: str
    pick: int
    size: int


BREAKING = ("kill", "freeze", "slow", "errors", "latency", "loss", "cut", "surge")
CHANGING = ("scale", "rewire", "rate", "redrive", "set", "mark")
DEEDS = st.builds(
    Deed,
    at=st.integers(0, 4 * S // (10 * MS)).map(lambda n: n * 10 * MS),
    what=st.sampled_from([*BREAKING, *CHANGING, "lift", "lift"]),
    pick=st.integers(0, 1000),
    size=st.integers(0, 5),
)


def plans(most: int = 6) -> st.SearchStrategy[list[Deed]]:
    """Some deeds in order of time."""
    return st.lists(DEEDS, max_size=most).map(lambda found: sorted(found, key=lambda d: d.at))


def do(world: SimWorld, deed: Deed, handles: list[int]) -> None:
    """Do one thing; whatever it lays is remembered in `handles`."""
    kinds = {n.name: n.kind for n in world.plan.nodes}
    ramp = 300 * MS if deed.size == 5 else 0
    if deed.what == "lift":
        if handles:
            world.lift(handles[deed.pick % len(handles)])
    elif deed.what in ("latency", "loss", "cut"):
        link = world.plan.links[deed.pick % len(world.plan.links)].name
        handles.append(world.lay(deed.what, on_link(link), strength(deed), ramp))
    elif deed.what == "surge":
        handles.append(world.surge("web", 1.5 + deed.size / 2, ramp))
    elif deed.what in ("kill", "freeze", "slow", "errors"):
        found = [name for name, kind in kinds.items() if kind != "producer"]
        target = target_of(world, found[deed.pick % len(found)], deed.size)
        if deed.what == "kill":
            handles.append(world.kill(target, ramp))
        elif deed.what == "freeze":
            handles.append(world.freeze(target, ramp))
        else:
            handles.append(world.lay(deed.what, target, strength(deed), ramp))
    else:
        change(world, deed, kinds)


def target_of(world: SimWorld, name: str, size: int) -> Target:
    """All replicas of a node, or one."""
    replicas = world.replicas(name)
    return Target(name, (replicas[size % len(replicas)],)) if size % 2 and replicas else all_of(world, name)


def strength(deed: Deed) -> dict[str, Any]:
    """How strong a layer is."""
    if deed.what == "slow":
        return {"factor": 1 + deed.size * 2}
    if deed.what == "latency":
        return {"extra": deed.size * 20 * MS, "jitter": 10 * MS}
    if deed.what == "cut":
        return {"direction": ("both", "to", "from")[deed.size % 3]}
    return {"share": deed.size / 7}


def change(world: SimWorld, deed: Deed, kinds: dict[str, str]) -> None:
    """Do what nobody lifts."""
    found = [name for name, kind in kinds.items() if kind == "service"]
    name = found[deed.pick % len(found)]
    if deed.what == "scale":
        world.scale(name, 1 + deed.size)
    elif deed.what == "rewire":
        world.rewire(name)
    elif deed.what == "rate":
        world.rate("web", 10.0 * deed.size + 1)
    elif deed.what == "set":
        world.set(name, "slots", 1 + deed.size)
    elif deed.what == "mark":
        world.mark()
    else:
        for queue, kind in kinds.items():
            if kind == "sqs":
                world.redrive(queue)
