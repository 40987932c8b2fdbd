"""The verdict and the event log: what a person reads must follow from what happened."""

from __future__ import annotations

from dataclasses import fields

import pytest

from chaos.command import Command
from chaos.judge.verdict import _price, _work, listed
from chaos.moment import DesignVerdict
from chaos.registry import faults
from chaos.runner import Runner
from tests.chaos.playgrounds import CRASH, SHOP, run_to, small
from topology.spec import load_text

LONG = "timeline:\n  - {at: 8s, inject: hang, on: inventory, for: 12s}\n"


def words(run: Runner, design: str) -> list[str]:
    """What the log says of a design."""
    return [line.words for line in run.narrator.last(1_000) if line.design == design]


def test_before_a_fault_all_is_well() -> None:
    assert run_to(small(), 4).moment().verdict.sentence == "All designs tell every request yes."


def test_during_a_crash() -> None:
    verdict = run_to(small(CRASH), 14).moment().verdict
    coupled, decoupled = verdict.designs
    assert verdict.sentence.startswith(f"Since 00:10 coupled told {coupled.told_no:,} of {coupled.offered:,}")
    assert coupled.told_no > 100
    assert "orders" in coupled.blast
    assert decoupled.told_no == 0
    assert decoupled.waiting > 100
    assert decoupled.blast == ()
    assert "decoupled told none no" in verdict.sentence
    assert f"{decoupled.waiting:,} accepted requests wait, the oldest" in verdict.sentence


def test_requests_without_an_answer_are_not_passed_over() -> None:
    run = run_to(small("timeline:\n  - {at: 10s, inject: hang, on: orders, for: 5s}\n", **{"web.deadline": "10s"}), 14)
    moment = run.moment()
    coupled = moment.verdict.designs[0]
    assert coupled.told_no == 0
    assert coupled.unanswered > 100
    assert f"{coupled.unanswered:,} requests wait" in moment.verdict.sentence
    assert f"{coupled.unanswered:,} requests wait for an answer" in coupled.sentence
    web = moment.frames[0].node("web")
    assert web is not None
    assert web.state == "strained"
    assert web.why.endswith("requests wait for an answer")


def test_after_the_heal_times_to_recover_are_known() -> None:
    coupled, decoupled = run_to(small(CRASH), 29).moment().verdict.designs
    assert coupled.recovered_after_ns is not None
    assert coupled.recovered_after_ns <= 3_000_000_000
    assert decoupled.drained_after_ns is not None
    assert 0 < decoupled.drained_after_ns < 10_000_000_000
    assert decoupled.stale_ns > 3_000_000_000
    assert decoupled.waiting < 10


def test_while_it_is_broken_nothing_is_recovered() -> None:
    for design in run_to(small(CRASH), 14).moment().verdict.designs:
        assert design.recovered_after_ns is None
        assert design.drained_after_ns is None


def test_each_design_has_a_line_and_the_worst_is_first() -> None:
    run = run_to(small(CRASH), 14)
    first, second = run.moment().verdict.sentence.split("\n")
    assert first.startswith("Since 00:10 coupled")
    assert second.startswith("decoupled")


def verdict_of(**figures: int) -> DesignVerdict:
    counts = [f.name for f in fields(DesignVerdict) if f.name not in ("design", "blast", "sentence")]
    calm = dict.fromkeys(counts, 0) | {"offered": 10_000, "told_yes": 10_000}
    return DesignVerdict(design="one", blast=(), sentence="", **(calm | figures))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"told_no": 2_000, "half_done": 2}, ""),
        ({"half_done": 2}, " The price: 2 left half done."),
        ({"told_no": 2_000, "done_after_no": 1}, " The price: 1 told no and yet done."),
        (
            {"told_no": 2_000, "done_after_no": 40, "duplicates": 900, "half_done": 50},
            " The price: 900 done more than once, 50 left half done, 40 told no and yet done.",
        ),
        ({"degraded": 8_000}, " The price: 8,000 answered by a fallback."),
        ({"stale_ns": 40_000_000_000}, " The price: work was done up to 40 s after the yes."),
    ],
)
def test_the_price_is_told_by_weight_and_without_trifles(figures: dict[str, int], said: str) -> None:
    assert _price(verdict_of(**figures)) == said


def test_broken_promises_are_always_told() -> None:
    assert _work(verdict_of(dead_lettered=1_199)) == ["1,199 dead letters: told yes, never done"]
    assert _work(verdict_of(lost=1)) == ["1 lost after a yes"]
    assert _work(verdict_of()) == ["none lost"]


def test_names_are_listed_as_people_do() -> None:
    assert [listed(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]


def test_a_new_replica_that_nobody_is_wired_to_is_told() -> None:
    run = run_to(small(), 6)
    run.do(Command(0, "scale", ("inventory",), to=3))
    run.advance(8_000_000_000)
    assert any(said.startswith("inventory/2 is idle: nobody is wired to it") for said in words(run, "coupled"))
    assert not any("idle" in said for said in words(run, "decoupled"))


def test_a_fault_that_reached_one_design_only_is_said() -> None:
    run = run_to(small(), 6)
    run.do(Command(0, "inject", ("backlog",), "crash"))
    run.advance(8_000_000_000)
    assert "had nothing to hit in coupled" in run.moment().verdict.sentence


def test_the_log_tells_the_story_once() -> None:
    run = run_to(small(CRASH), 30)
    lines = run.narrator.last(1_000)
    assert lines[0].words == "the timeline crashed inventory (all replicas, both designs) for 5 s"
    assert any("orders hears “connection refused” from inventory" in said for said in words(run, "coupled"))
    assert any(said == "nobody notices; " + said.partition("; ")[2] for said in words(run, "decoupled"))
    assert any(said.startswith("backlog grows") for said in words(run, "decoupled"))
    assert any(said.startswith("backlog is back to normal") for said in words(run, "decoupled"))
    told = [(line.at_ns, line.design, line.words) for line in lines]
    assert len(told) == len(set(told)) < 40


def test_a_link_that_holds_calls_back_is_not_called_a_breaker() -> None:
    text = (SHOP + LONG).replace("timeout: 300ms, retry: {attempts: 2, backoff: 50ms}", "bulkhead: 2, fallback: default")
    run = run_to(load_text(text, faults=faults()), 14)
    said = words(run, "coupled")
    assert said.count("orders holds back from inventory: bulkhead full") == 1
    assert not any("breaker" in line for line in said)
    assert "answered by a fallback" in run.moment().verdict.sentence


def test_the_log_does_not_depend_on_who_looks_when() -> None:
    whole, sliced = run_to(small(LONG), 30), Runner(small(LONG), 1, timeline=True)
    for at in range(0, 30_000_000_001, 370_000_000):
        sliced.advance(at)
        sliced.moment()
    sliced.advance(sliced.end)
    assert whole.narrator.last(1_000) == sliced.narrator.last(1_000)


def test_the_log_is_bounded() -> None:
    run = run_to(small(), 6)
    for _ in range(1_200):
        run.narrator.say(0, "", "again")
    assert len(run.narrator.last(5_000)) == 1_000
    assert len(run.moment().log) == 200
