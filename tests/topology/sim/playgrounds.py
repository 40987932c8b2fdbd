"""Random small playgrounds and random things to do to them, for tests of what is true of every world."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from tests.topology.worlds import MS, S, all_of, on_link, playground
from topology.plan import Playground
from topology.registry import kind
from topology.sim.world import SimWorld
from topology.world import Target

TAKES = st.sampled_from(["0s", "1ms", "7ms", "{exponential: {mean: 20ms}}", "{median: 15ms, p99: 90ms}", "150ms"])
DELAYS = st.sampled_from(["", "", ", delay: 3ms", ", delay: {uniform: {low: 0ms, high: 20ms}}"])


GUARDS = (
    [", bulkhead: 1", ", bulkhead: {limit: 2, wait: 40ms, waiting: 2}", ", outlier_ejection: {consecutive: 2, base: 1s}"],
    [", pool: {size: 2, wait: 50ms}", ", pool: {size: 1, wait: 30ms, discard: true}", ", deadline_propagation: {}"],
    [", hedge: {after: 20ms, budget: 50%}", ", hedge: {after: 0s, quantile: 50%, least: 5, budget: 100%}"],
    [", fallback: {}", ", fallback: {answer: stale, max_age: 1s}", ", backpressure: {max: 100/s, every: 100ms, wait: 50ms}"],
)
"""Policies of links, in settings that have much to do."""

_CHECK = "health_check: {interval: 200ms, timeout: 100ms}"
BALANCERS = st.sampled_from(
    [
        f"load_balancer, {_CHECK}",
        f"load_balancer, choose: least_outstanding, draining: 200ms, {_CHECK}",
        f"load_balancer, choose: power_of_two, slow_start: 1s, panic: 50%, {_CHECK}",
        f"load_balancer, choose: random, stickiness: {{by: client, for: 500ms}}, {_CHECK}",
        f"load_balancer, choose: weighted, weights: [2, 1], replicas: 2, zones: 2, cross_zone: false, {_CHECK}",
        "alb, idle_timeout: 1s, deregistration_delay: 300ms, stickiness: {}",
        "nlb, health_check: {interval: 5s, timeout: 2s}, terminate_leaving: true, deregistration_delay: 100ms",
    ]
)
GATES = st.sampled_from(
    [
        "throttle, timeout: 200ms",
        "throttle, rate: 20/s, burst: 3, by: client",
        "throttle, replicas: 2, quota: {calls: 30, per: 1s}",
    ]
)
POOLS = st.sampled_from(
    [
        "worker_pool, slots: 2, silence: 120ms, boot: 50ms, backlog: 3",
        "worker_pool, slots: 3, cores: 1, recycle: {after: 5, jitter: 3}, boot: 30ms, replicas: 2",
        "web_tier, slots: 4, keep_alive: 300ms, backlog: 2, overflow: reset",
        "web_tier, slots: 2, static: 40%, handshake: 5ms, backlog: 1",
    ]
)


ORDERS = [
    ", queue: {order: deadline, drop_expired: true}",
    ", queue: {order: priority, limit: 4, when_full: drop_oldest}",
    ", queue: {order: adaptive_lifo, calm: 2}",
]
DOORS = [
    ", codel: {}",
    ", codel: {variant: controlled_delay, target: 20ms}",
    ", adaptive_limit: {window: 200ms, least: 2, initial: 3}",
    ", fair_queue: {limit: 4}",
    ", priority_shedding: {}",
    ", idempotency_key: {}",
    ", idempotency_key: {store: memory, capacity: 3}",
]
"""Policies at a service's door."""
SCALING = [
    ", autoscaling: {every: 300ms, out_after: 300ms, in_after: 600ms, cooldown_out: 0s, cooldown_in: 0s, warmup: 0s, max: 4}",
    ", autoscaling: {every: 500ms, out_after: 0s, in_after: 0s, follow: occupancy, max: 3, cooldown_out: 0s, warmup: 0s,"
    " provisioner: {provides: 700ms, fails: 30%}}",
]


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
    if "queue" not in words:
        words += draw(st.sampled_from(["", "", *ORDERS]))
    words += draw(st.sampled_from(["", "", *DOORS]))
    words += draw(st.sampled_from(["", "", "", *SCALING]))
    words += draw(st.sampled_from(["", "", ", outbox: {every: 50ms, batch: 2}", ", saga: {attempts: 2, backoff: 50ms}"]))
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
    for choices in GUARDS:
        words += draw(st.sampled_from(["", "", *choices]))
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
        if draw(st.integers(0, 2)) == 0:
            draw_store(draw, shape, at, i)
    return shape


KEYS = ", keys: {count: 4}, mix: {look: {weight: 2}, buy: {weight: 1, attributes: {write: true}}}"


def draw_store(draw: st.DrawFn, shape: Shape, at: str, i: int) -> None:
    """A database beside a service, maybe behind a cache."""
    if "keys" not in shape.nodes["web"]:
        shape.nodes["web"] += KEYS
    words = f"database, connections: {draw(st.integers(1, 5))}, cores: {draw(st.integers(1, 3))}, takes: {draw(TAKES)}"
    words += draw(st.sampled_from(["", ", writes: {share: 30%, takes: 9ms}", ", start: 200ms, fails: 10%"]))
    words += draw(st.sampled_from(["", ", locks: {}", ", locks: {rows: 2, held: 30ms, wait: 80ms}"]))
    lagging = ", read_replicas: {count: 1, lag: {uniform: {low: 0s, high: 2s}}, promote: true}"
    words += draw(st.sampled_from(["", ", read_replicas: 2", lagging]))
    shape.nodes[f"db{i}"] = words
    if draw(st.booleans()):
        words = f"cache, takes: 1ms, capacity: 3, replicas: {draw(st.integers(1, 2))}"
        words += draw(st.sampled_from(["", ", eviction: lfu", ", eviction: random", ", prefilled: 100%"]))
        words += draw(st.sampled_from([", ttl: 1h", ", ttl: {uniform: {low: 0s, high: 300ms}}"]))
        words += draw(st.sampled_from(["", ", single_flight: true", ", stale_while_revalidate: 1s", ", stale_if_error: 1s"]))
        shape.nodes[f"mem{i}"] = words
        shape.links.append(f"{{link: {at} -> mem{i}{draw(call_settings())}}}")
        at = f"mem{i}"
    shape.links.append(f"{{link: {at} -> db{i}{draw(call_settings())}}}")


def draw_stage(draw: st.DrawFn, shape: Shape, at: str, i: int) -> str:
    """One more service after `at`, and how it is reached."""
    name = f"s{i}"
    shape.nodes[name] = draw(st.one_of(services(), services(), POOLS))
    how = draw(st.sampled_from(["call", "call", "balance", "gate", "queue", "memory" if at != "web" else "queue"]))
    if how == "call":
        wiring = draw(st.sampled_from(["", ", wiring: list"]))
        optional = draw(st.sampled_from(["", "", ", optional: true"])) if at != "web" else ""
        shape.links.append(f"{{link: {at} -> {name}{wiring}{optional}{draw(call_settings())}}}")
    elif how == "balance":
        shape.nodes[f"lb{i}"] = draw(BALANCERS)
        shape.links.append(f"{{link: {at} -> lb{i}{draw(call_settings())}}}")
        shape.links.append(f"{{link: lb{i} -> {name}{draw(call_settings())}}}")
    elif how == "gate":
        shape.nodes[f"gate{i}"] = draw(GATES)
        shape.links.append(f"{{link: {at} -> gate{i}{draw(call_settings())}}}")
        shape.links.append(f"{{link: gate{i} -> {name}{draw(call_settings())}}}")
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


BREAKING = ("kill", "freeze", "slow", "errors", "latency", "loss", "cut", "surge", "store")
CHANGING = ("scale", "rewire", "rate", "redrive", "set", "mark", "flush")
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
    elif deed.what == "store":
        handles.extend(world.lay(what, target, values, ramp) for what, target, values in layers_of_stores(world, deed, kinds))
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


def layers_of_stores(world: SimWorld, deed: Deed, kinds: dict[str, str]) -> list[tuple[str, Target, dict[str, Any]]]:
    """A layer on each database, of those that only databases have, and connections that are taken."""
    what = ("locks", "lag", "split", "slots")[deed.pick % 4]
    values: dict[str, Any] = {"share": (1 + deed.size) / 7}
    if what == "locks":
        values = {"factor": 2 + deed.size * 10}
    elif what == "lag":
        values = {"extra": deed.size * 300 * MS}
    return [(what, all_of(world, name), values) for name, kind in kinds.items() if kind == "database"]


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
    found = [name for name, called in kinds.items() if kind(called).role == "service" and not kind(called).managed]
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
    elif deed.what == "flush":
        world.flush(name)
    else:
        for queue, called in kinds.items():
            if called == "sqs":
                world.redrive(queue)
