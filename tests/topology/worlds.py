"""Small simulated worlds for tests, from a few words of YAML, and what is always true of them."""

from __future__ import annotations

from collections.abc import Iterable

from topology.frame import FlowFrame, LinkFrame, NodeFrame
from topology.message import Tally
from topology.plan import Playground
from topology.sim.world import SimWorld
from topology.spec import load_text
from topology.world import Target

MS = 1_000_000
S = 1_000_000_000

FATES = ("served", "late", "refused", "failed", "lost", "dead_lettered")


def playground(nodes: dict[str, str], links: Iterable[str], grid: str = "100ms") -> Playground:
    """One design; `nodes` by name, as the inside of a YAML flow mapping; links as in YAML."""
    lines = ["playground: test", "duration: 1h", f"grid: {grid}", "nodes:"]
    lines += [f"  {name}: {{kind: {words}}}" for name, words in nodes.items()]
    lines += ["designs:", "  only:", "    links:", *[f"      - {link}" for link in links]]
    return load_text("\n".join(lines) + "\n")


def world(nodes: dict[str, str], links: Iterable[str], seed: int = 1, grid: str = "100ms") -> SimWorld:
    """A world of one design."""
    made = playground(nodes, links, grid)
    return SimWorld(made.designs[0], made, seed)


def all_of(one: SimWorld, node: str) -> Target:
    """Every replica of a node."""
    return Target(node, tuple(one.replicas(node)))


def on_link(name: str) -> Target:
    """A link as a target."""
    return Target(link=name)


def flow(one: SimWorld, producer: str = "web") -> FlowFrame:
    """What became of a producer's messages until now."""
    return next(f for f in one.frame().flows if f.producer == producer)


def node(one: SimWorld, name: str) -> NodeFrame:
    """A node as the screen sees it now."""
    found = one.frame().node(name)
    assert found is not None
    return found


def link(one: SimWorld, name: str) -> LinkFrame:
    """A link as the screen sees it now."""
    return next(x for x in one.frame().links if f"{x.caller} {x.mode} {x.callee}" == name)


def reasons(one: SimWorld, producer: str = "web") -> dict[str, int]:
    """Why messages were told no, lost or dead-lettered."""
    return dict(flow(one, producer).reasons)


def mean_ms(one: SimWorld, until: int) -> float:
    """How long those whom `web` sends from now until then wait for a yes, on average, in milliseconds."""
    one.mark()
    one.advance(until)
    return one.tallies("web")[-1].latency.mean_ns() / MS


def to_the_end(one: SimWorld, most_s: int = 600) -> FlowFrame:
    """Stop the producers and go on until nothing can change any more."""
    one.stop()
    end = one.now + most_s * S
    while not one.idle() and one.now < end:
        one.advance(one.now + S)
    return one.frame().flows[0]


def check_sum(found: FlowFrame | Tally) -> None:
    """The fates add up, and none is negative."""
    counts = [getattr(found, name) for name in (*FATES, "unanswered", "waiting")]
    assert min(counts) >= 0, found
    assert sum(counts) == found.offered, found
    for name in ("half_done", "done_after_no", "duplicates", "done", "attempts", "wasted_ns"):
        assert getattr(found, name) >= 0, name
    assert found.done_after_no + found.half_done <= found.offered


def check_frame(one: SimWorld) -> None:
    """What must hold of every frame: fates add up, nothing is negative, nothing is more than all there is."""
    frame = one.frame()
    for f in frame.flows:
        check_sum(f)
        assert sum(t.offered for t in one.tallies(f.producer)) == f.offered
        for tally in one.tallies(f.producer):
            check_sum(tally)
    for n in frame.nodes:
        numbers = (n.busy, n.slots, n.queued, n.depth, n.in_flight, n.age_ns, n.rate_in, n.rate_out, n.rate_bad)
        assert min(numbers) >= 0, n
        assert n.in_flight <= n.depth, n
        assert 0 <= n.up <= n.wanted, n
        assert min(n.occupancy, n.utilisation) >= 0, n
        assert all(count > 0 for _, count in n.waits_for), n
    for x in frame.links:
        assert min(x.in_flight, x.attempts, x.rate, x.rate_bad) >= 0, x
