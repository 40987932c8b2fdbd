"""Rules that somebody switched off."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from chaos.runner import Runner
from tests.chaos.faults.shops import arrivals, breaks, clean, shop, to, world

RULES = [f"r{i}" for i in range(100)]
NODES = {
    "web": "producer, rate: 20/s, arrivals: constant",
    "bus": "eventbridge, rules: {" + ", ".join(f"{name}: {{pattern: {{source: [web]}}}}" for name in RULES) + "}",
    "app": "service, slots: 5000, takes: 1ms",
}
LINKS = ["web => bus", f"{{link: bus => app, rule: [{', '.join(RULES)}]}}"]


def disabled(run: Runner, at_s: float) -> set[str]:
    """The rules that are switched off at an instant."""
    return {part.split()[1] for part in world(to(run, at_s)).parts("bus") if part.endswith("(disabled)")}


def test_without_a_share_nothing_is_delivered_any_more() -> None:
    run = shop({"bus": "eventbridge"}, ["web => bus => app"], breaks("rule_disabled", "bus", 2, 4))
    assert arrivals(run, "app", 0, 2) == pytest.approx(400, abs=2)
    assert arrivals(run, "app", 2.01, 6) == 0
    assert run.frames()[0].flows[0].told_no == 0
    assert run.frames()[0].flows[0].lost == pytest.approx(800, abs=2)
    assert arrivals(run, "app", 6.01, 8) == pytest.approx(398, abs=2)
    assert clean(run)


def test_a_share_of_the_rules_by_their_names() -> None:
    run = shop(NODES, LINKS, breaks("rule_disabled", "bus", 2, 2, share="50%"))
    off = disabled(run, 2.01)
    assert len(off) == pytest.approx(50, abs=12)
    assert arrivals(run, "app", 2.01, 3.96) == 39 * (100 - len(off))
    assert disabled(run, 4.01) == set()
    assert clean(run)


def test_two_disable_more_and_each_heals_alone() -> None:
    both = breaks("rule_disabled", "bus", 2, 4, share="30%"), breaks("rule_disabled", "bus", 2, 2, share="50%")
    run = shop(NODES, LINKS, *both)
    two, one = disabled(run, 3), disabled(run, 5)
    assert len(two) == pytest.approx(100 * (1 - 0.7 * 0.5), abs=12)
    assert len(one) == pytest.approx(30, abs=11)
    assert one < two
    assert disabled(run, 7) == set()
    assert clean(run)


def test_a_replay_passes_a_disabled_rule_by() -> None:
    nodes = {"bus": "eventbridge, rules: {all: {pattern: {source: [web]}}}, archive: {}"}
    faults = breaks("rule_disabled", "bus", 2, 4), breaks("archive_replayed", "bus", 3)
    run = shop(nodes, ["web => bus", "{link: bus => app, rule: all}"], *faults)
    assert arrivals(run, "app", 2.01, 6) == 0


def test_other_kinds_have_no_rules() -> None:
    with pytest.raises(Refused, match="it acts on an event bus"):
        shop().do(breaks("rule_disabled", "app", 0))
