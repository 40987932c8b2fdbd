"""Claims against hand-made tallies: pass, fail, and above all unknown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from chaos.figures import flow_figure
from chaos.judge.claims import FAIL, PASS, UNKNOWN, expectations, gate
from chaos.judge.windows import Windows
from topology.ledger import Tally
from topology.plan import Claim, DesignPlan, NodePlan
from topology.series import Samples
from topology.spec.figures import parse_comparison
from topology.world import Turn

S = 1_000_000_000
PLAN = DesignPlan("one", (NodePlan("web", "producer", 1, {}), NodePlan("queue", "sqs", 1, {})), ())


def tally(**counts: int) -> Tally:
    """A tally with these counts; what is offered and not told otherwise was served after 1 ms each."""
    made = Tally(["web", "queue"])
    for name, value in counts.items():
        setattr(made, name, value)
    fates = ("unanswered", "waiting", "late", "refused", "failed", "lost", "dead_lettered")
    made.served = made.offered - sum(getattr(made, name) for name in fates)
    for _ in range(made.served + made.waiting):
        made.latency.add(1_000_000)
    return made


@dataclass
class Still:
    """A world in which nothing moves any more: eras of five seconds, and what became of each."""

    eras: list[Tally]
    plan: DesignPlan = PLAN
    grid: list[Samples] = field(default_factory=list)
    turned: list[Turn] = field(default_factory=list)

    def tallies(self, producer: str) -> list[Tally]:
        return self.eras

    def samples(self, node: str) -> list[Samples]:
        return self.grid

    def turns(self) -> list[Turn]:
        return self.turned

    def series(self, name: str) -> tuple[int, list[float]]:
        return S, []


def windows(count: int, fault: tuple[int, int] | None = None) -> Windows:
    """Eras of five seconds, the first of them the warm-up; a fault from one to another."""
    spans = () if fault is None else ((fault[0] * S, fault[1] * S),)
    return Windows(tuple(i * 5 * S for i in range(count)), 5 * S, count * 5 * S, spans, True, 10 * S)


def claim(that: str, text: str, during: str = "all", unit: str = "count", **rest: Any) -> Claim:
    """One claim about the one design."""
    op, value = parse_comparison(text, unit)
    return Claim(("one",), that, during, op, value, text, **rest)


def verdict(one: Claim, *eras: Tally, **more: Any) -> str:
    """What becomes of a claim when the eras after the warm-up are these."""
    world: Any = Still([tally(), *eras], **more)
    (judged,) = expectations([one], [world], windows(len(eras) + 1))
    return judged.verdict


@pytest.mark.parametrize(
    ("that", "text", "unit", "counts", "expected"),
    [
        ("web.success", ">= 99%", "share", {"offered": 100}, PASS),
        ("web.success", ">= 99%", "share", {"offered": 100, "failed": 2}, FAIL),
        ("web.success", ">= 99%", "share", {"offered": 100, "unanswered": 1}, PASS),
        ("web.success", ">= 99%", "share", {"offered": 100, "unanswered": 2}, UNKNOWN),
        ("web.success", ">= 99%", "share", {"offered": 100, "unanswered": 2, "failed": 2}, FAIL),
        ("web.success", ">= 99%", "share", {"offered": 100, "late": 5, "yes_late": 5}, FAIL),
        ("web.success", ">= 99%", "share", {}, UNKNOWN),
        ("web.success", "< 20%", "share", {"offered": 100, "failed": 70, "unanswered": 20}, UNKNOWN),
        ("web.lost", "= 0", "count", {"offered": 100}, PASS),
        ("web.lost", "= 0", "count", {}, UNKNOWN),
        ("web.offered", "= 0", "count", {}, PASS),
        ("web.lost", "= 0", "count", {"offered": 100, "waiting": 3}, UNKNOWN),
        ("web.lost", "= 0", "count", {"offered": 100, "lost": 1, "waiting": 3}, FAIL),
        ("web.lost", "= 2", "count", {"offered": 100, "lost": 1, "waiting": 3}, UNKNOWN),
        ("web.lost", "!= 0", "count", {"offered": 100, "lost": 1, "waiting": 3}, PASS),
        ("web.lost", "<= 3", "count", {"offered": 100, "waiting": 3}, PASS),
        ("web.offered", ">= 100", "count", {"offered": 100, "unanswered": 50}, PASS),
        ("web.told_no", "< 10", "count", {"offered": 100, "waiting": 50}, PASS),
        ("web.told_no", "< 10", "count", {"offered": 100, "unanswered": 50}, UNKNOWN),
        ("web.waiting", "= 0", "count", {"offered": 100, "waiting": 3}, FAIL),
        ("web.latency.p50", "< 5ms", "seconds", {"offered": 100}, PASS),
        ("web.latency.p50", "< 5ms", "seconds", {"offered": 100, "unanswered": 20}, PASS),
        ("web.latency.p99", "< 5ms", "seconds", {"offered": 100, "unanswered": 20}, UNKNOWN),
        ("web.latency.max", "< 5ms", "seconds", {"offered": 100, "unanswered": 1}, UNKNOWN),
        ("web.latency.p99", "> 5ms", "seconds", {"offered": 100}, FAIL),
        ("web.latency.p99", "< 5ms", "seconds", {"offered": 100, "failed": 100}, UNKNOWN),
        ("web.goodput", ">= 20/s", "rate", {"offered": 100}, PASS),
        ("web.amplification", "<= 2", "number", {"offered": 100, "attempts": 150}, PASS),
    ],
)
def test_what_is_open_can_turn_a_claim(that: str, text: str, unit: str, counts: dict[str, int], expected: str) -> None:
    assert verdict(claim(that, text, unit=unit), tally(**counts)) == expected


def test_an_empty_window_is_unknown() -> None:
    assert verdict(claim("web.lost", "= 0", "fault"), tally(offered=100)) == UNKNOWN


def test_eras_add_up() -> None:
    assert verdict(claim("web.lost", "= 3"), tally(offered=9, lost=1), tally(offered=9, lost=2)) == PASS


def sampled(**values: Any) -> Samples:
    """Grid samples with these sums."""
    made = Samples()
    for name, value in values.items():
        setattr(made, name, value)
    return made


def test_figures_of_the_grid() -> None:
    grid = [
        sampled(),
        sampled(count=10, depth_total=50, depth_most=9, age_max_ns=2 * S),
        sampled(count=10, depth_most=4),
    ]
    eras = (tally(offered=5), tally(offered=5))
    assert verdict(claim("queue.depth.mean", "= 2.5", unit="number"), *eras, grid=grid) == PASS
    assert verdict(claim("queue.depth.max", "< 9"), *eras, grid=grid) == FAIL
    assert verdict(claim("queue.age.max", "<= 2s", unit="seconds"), *eras, grid=grid) == PASS


def test_unhealthy_time() -> None:
    turned = [Turn(7 * S, "queue", True, ""), Turn(9 * S, "queue", False, ""), Turn(12 * S, "queue", True, "")]
    one = claim("queue.unhealthy", "= 5s", unit="seconds")
    assert verdict(one, tally(), tally(), turned=turned) == PASS


def steady(*eras: Tally, fault: tuple[int, int] | None = None, carried: int = 0, minimum: int = 100) -> tuple[str, str]:
    """What becomes of a gate on success when the eras after the warm-up are these."""
    world: Any = Still([tally(), *eras])
    one = claim("web.success", ">= 99%", unit="share", minimum=minimum)
    (judged,) = gate([one], [world], windows(len(eras) + 1, fault), {("one", "web"): carried})
    return judged.verdict, judged.why


GOOD, BAD = {"offered": 100}, {"offered": 100, "failed": 3}


def test_the_gate_holds() -> None:
    assert steady(tally(**GOOD), tally(**GOOD)) == (PASS, "")


def test_the_gate_looks_at_each_slice() -> None:
    eras = [tally(**GOOD) for _ in range(9)]
    assert steady(*eras, tally(**BAD)) == (FAIL, "from 00:50 to 00:55")


def test_slices_with_few_messages_are_joined() -> None:
    few = [tally(offered=40) for _ in range(7)]
    assert steady(*few, tally(offered=40, failed=1), tally(**GOOD)) == (PASS, "")
    assert steady(*few[:5], tally(offered=40, failed=3), *[tally(offered=400)] * 3) == (FAIL, "from 00:20 to 00:35")


def test_the_gate_needs_messages() -> None:
    assert steady(tally(offered=99)) == (UNKNOWN, "only 99 messages, and it takes 100")
    assert steady(tally(offered=99), minimum=50) == (PASS, "")


def test_the_gate_ends_with_the_first_fault() -> None:
    assert steady(tally(**GOOD), tally(**BAD), fault=(10, 15)) == (PASS, "")
    assert steady(tally(**GOOD), fault=(3, 8))[0] == UNKNOWN


def test_too_many_unanswered_when_the_fault_came() -> None:
    assert steady(tally(**GOOD), tally(**BAD), fault=(10, 15), carried=6)[0] == UNKNOWN
    assert steady(tally(**GOOD), tally(**BAD), fault=(10, 15), carried=5)[0] == PASS


@pytest.mark.parametrize("part", ["mean", "p50", "p90", "p99", "p999", "max"])
def test_times_lie_between_their_ends(part: str) -> None:
    made = tally(offered=50, unanswered=10)
    reading = flow_figure(made, f"latency.{part}", S)
    assert reading.value is not None
    assert reading.low <= reading.value <= reading.high
