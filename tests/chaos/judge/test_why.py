"""Why something went wrong: the root is what was injected, and the steps lead there."""

from __future__ import annotations

import functools
import os
from itertools import islice
from typing import Any

import pytest

from chaos.experiment import explained, perform
from chaos.journals.journal import journal
from chaos.judge import why
from chaos.judge.why import EITHER, NO_EFFECT, TOGETHER
from chaos.runner import Runner
from tests.chaos.compare.test_cost import finished, inject
from tests.chaos.drawn import Drawn, draws, gallery
from tests.chaos.playgrounds import small
from topology.build_info import compiled

SEED = int(os.environ.get("KNOCKON_DRAW", "20261124"))
"""What the drawn runs are drawn by; whoever sets it to today's date has runs that nobody chose."""


@functools.cache
def crashed() -> Runner:
    """The small shop, in which the inventory crashed."""
    return finished(commands=[inject(10, "crash", 5)])


def test_a_chain_goes_from_the_customer_to_what_was_hit() -> None:
    found = why.explain(crashed(), "coupled")
    assert [step.where for step in found.steps] == ["web", "web -> orders", "orders", "inventory", "crash"]
    assert [(root.fault, root.what, root.share) for root in found.roots] == [
        (1, "crash on inventory (all replicas) at 00:10", 1.0)
    ]
    assert found.complete
    symptom, link, orders, inventory, root = found.steps
    assert symptom.words.endswith("messages more told no")
    assert "connection refused" in link.words
    assert "orders -> inventory" in orders.words
    assert inventory.words == "0 of 2 up"
    assert root.words == "injected on inventory (all replicas), for 5 s"
    assert root.at_ns == 10_000_000_000
    assert all(root.at_ns <= step.at_ns <= 15_000_000_000 for step in found.steps)


def test_where_nobody_was_told_no_the_delay_is_explained() -> None:
    found = why.explain(crashed(), "decoupled")
    assert [step.where for step in found.steps] == ["web", "orders", "backlog", "inventory", "crash"]
    assert found.steps[0].words.startswith("decoupled: work was done after 4.")
    assert "messages wait in it" in found.steps[2].words
    assert found.complete


def test_all_runs_that_are_compared_have_the_same_windows() -> None:
    why.explain(crashed(), "coupled")
    kept = crashed().records.apart
    assert set(kept) == {(), (0,)}
    assert {one.run.eras for one in kept.values()} == {crashed().eras}


def test_run_again_nothing_is_different() -> None:
    why.explain(crashed(), "coupled")
    again = crashed().records.apart[()].run
    assert [world.fates() for world in again.worlds] == [world.fates() for world in crashed().worlds]


def test_what_does_nothing_has_no_effect() -> None:
    run = finished(commands=[inject(10, "noop", 5)])
    found = why.explain(run, "coupled")
    run.close()
    assert (found.kind, found.roots, found.steps) == (NO_EFFECT, (), ())


@functools.cache
def twice() -> Runner:
    """A run with two faults, for roots of what is given and not measured."""
    return finished(commands=[inject(8, "noop", 1), inject(9, "noop", 1)])


@pytest.mark.parametrize(
    ("whole", "first_left_out", "second_left_out", "shares", "kind"),
    [
        (100, 40, 60, {1: 0.6, 2: 0.4}, ""),
        (100, 42, 63, {1: 0.605, 2: 0.395}, ""),
        (100, 0, 100, {1: 1.0}, ""),
        (100, 5, 5, {1: None, 2: None}, TOGETHER),
        (100, 70, 60, {1: None, 2: None}, TOGETHER),
        (100, 98, 97, {1: None, 2: None}, EITHER),
        (0, 0, 0, {}, NO_EFFECT),
        (-5, 0, 0, {}, NO_EFFECT),
    ],
)
def test_the_shares_of_two_faults(
    whole: float, first_left_out: float, second_left_out: float, shares: dict[int, float | None], kind: str
) -> None:
    values = {(): whole, (0,): first_left_out, (1,): second_left_out, (0, 1): 0}
    roots, said = why.roots_of(twice(), lambda left_out: values[left_out])
    assert said == kind
    assert {root.fault: root.share for root in roots} == {
        fault: None if share is None else pytest.approx(share) for fault, share in shares.items()
    }


@pytest.mark.slow
def test_two_faults_of_a_run_share_what_each_did() -> None:
    run = finished(commands=[inject(8, "crash", 6), inject(20, "crash", 3)])
    shares = [root.share for root in why.explain(run, "coupled").roots]
    run.close()
    assert shares == [pytest.approx(2 / 3, abs=0.06), pytest.approx(1 / 3, abs=0.06)]


def test_either_alone_would_have_done() -> None:
    run = finished(commands=[inject(8, "crash", 5), inject(8.001, "crash", 5)])
    found = why.explain(run, "coupled")
    run.close()
    assert found.kind == EITHER
    assert {root.fault for root in found.roots} == {1, 2}


TWO = """
timeline:
  - {at: 8s, inject: crash, on: inventory, for: 5s}
  - {at: 20s, inject: errors, on: inventory, for: 4s}
"""
RED = (
    'in: coupled, that: web.success, during: 8s..13s, is: ">= 99%"',
    'in: coupled, that: web.success, during: 20s..24s, is: ">= 99%"',
    'in: decoupled, that: web.completion.p99, during: 0s..15s, is: "< 1s"',
    'in: coupled, that: web.told_no, during: 0s..15s, is: "= 0"',
    'in: coupled, that: web.success, always: ">= 90%"',
    'that: decoupled.web.success - coupled.web.success, is: "< 5 points"',
    'in: coupled, that: web.offered, is: "< 10"',
)


@functools.cache
def reds() -> list[dict[str, Any]]:
    """Claims that fail in one run with two faults, as the journal has them."""
    claims = "".join(f"  - {{{claim}}}\n" for claim in RED)
    result = explained(perform(small(f"{TWO}expect:\n{claims}"), 1))
    rows: list[dict[str, Any]] = journal(result)["expectations"]
    result.run.close()
    assert {row["verdict"] for row in rows} == {"fail"}
    return rows


def roots(row: dict[str, Any]) -> list[str]:
    """The faults at the end of a chain."""
    return [step["where"] for step in row["why"] if step["words"].startswith("injected")]


def test_a_red_claim_names_the_first_message() -> None:
    row = reds()[0]
    assert row["first_offence"]["words"].startswith("message ")
    assert row["first_offence"]["words"].endswith("inventory: connection refused")
    assert 8.0 <= row["first_offence"]["at"] < 8.2
    assert row["why"][0]["words"].endswith("without the fault 100 %")


@pytest.mark.parametrize(
    ("number", "befell", "causes"),
    [
        (0, "was told no", ["crash"]),
        (1, "was told no", ["errors"]),
        (2, "was done late", ["crash"]),
        (3, "was told no", ["crash"]),
        (4, "was told no", ["crash", "errors"]),
        (5, "was told no", ["crash", "errors"]),
    ],
)
def test_the_first_message_and_the_faults_of_the_claims_own_window(number: int, befell: str, causes: list[str]) -> None:
    row = reds()[number]
    assert befell in row["first_offence"]["words"]
    assert roots(row) == causes
    assert any("inventory" in step["where"] for step in row["why"])


def test_what_is_red_without_a_fault_too_has_no_root() -> None:
    assert [step["words"].endswith(NO_EFFECT) for step in reds()[6]["why"]] == [True]


def judged(drawn: list[Drawn], wanted: int) -> None:
    """The root is what was injected in each of so many runs, and nearly every chain is without a gap."""
    whys = [(one, found) for one in drawn for found in one.told]
    complete = sum(found.complete for _, found in whys)
    print(f"drawn by {SEED}: {len(drawn)} runs, {len(whys)} chains, {complete} without a gap")
    assert len(drawn) == wanted
    wrong = [f"{one.words}: {found.sentence}" for one, found in whys if [root.fault for root in found.roots] != [one.fault]]
    assert wrong == []
    assert complete >= 0.95 * len(whys), [f"{one.words}: {found.sentence}" for one, found in whys if not found.complete]


def with_effect(playgrounds: list[Any], wanted: int) -> list[Drawn]:
    """So many drawn runs in which the fault made a difference to some design."""
    return list(islice((one for one in draws(playgrounds, SEED) if one.told), wanted))


def test_the_root_of_a_few_drawn_runs_of_the_small_shop() -> None:
    judged(with_effect([small("", **{"web.rate": "15/s"})], 6), 6)


@pytest.mark.slow
def test_the_root_of_sixty_drawn_runs_over_all_playgrounds() -> None:
    if not compiled():
        pytest.skip("300 runs of the gallery are for the compiled engine: make slow does both")
    judged(with_effect(gallery(), 60), 60)


@pytest.mark.slow
def test_a_noop_never_has_an_effect() -> None:
    for playground in [small()] if not compiled() else gallery():
        node = playground.designs[0].nodes[-1].name
        run = Runner(playground, 7, timeline=False, commands=[inject(6, "noop", 5, on=node)], narrate=False)
        run.advance(20_000_000_000)
        run.finish()
        assert {why.explain(run, design.name).kind for design in playground.designs} == {NO_EFFECT}
        run.close()
