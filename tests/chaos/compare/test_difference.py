"""Two journals compared: what counts as worse, what does not, and what cannot be compared."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.compare.difference import NotComparable, difference
from tests.chaos import sample_journals as journals


def flow(told: dict[str, Any], design: str = "coupled") -> dict[str, Any]:
    """The figures of the web flow of one design."""
    found: dict[str, Any] = told["designs"][design]["flows"]["web"]
    return found


def test_a_journal_is_no_worse_than_itself() -> None:
    found = difference(journals.one(), journals.one(), 0.0)
    assert (found.worse, found.better, found.notes) == ([], [], [])


def test_worse_beyond_the_tolerance_is_named_with_both_values() -> None:
    after = journals.one()
    flow(after)["success"] = flow(journals.one())["success"] * 0.9
    assert any(line.startswith("coupled: web.success ") for line in difference(journals.one(), after, 0.05).worse)
    assert not difference(journals.one(), after, 0.2).worse
    assert any("web.success" in line for line in difference(after, journals.one(), 0.05).better)


def test_from_nothing_to_something_is_worse_whatever_the_tolerance() -> None:
    after = journals.one()
    flow(after, "decoupled")["lost"] = 3
    assert difference(journals.one(), after, 10.0).worse == ["decoupled: web.lost 0 → 3"]


def test_figures_without_a_better_way_and_single_messages_decide_nothing() -> None:
    after = journals.one()
    flow(after)["offered"] += 5000
    flow(after)["latency"]["max"] *= 10
    assert not difference(journals.one(), after, 0.05).worse


def test_an_expectation_that_holds_no_more_or_is_gone_is_worse() -> None:
    after = journals.one()
    after["expectations"][0].update(verdict="fail")
    del after["expectations"][2]
    worse = difference(journals.one(), after, 0.05).worse
    assert worse[0].startswith("coupled: web.success during fault < 20%: held, and now does not (")
    assert worse[1] == "decoupled: web.lost = 0: no longer expected"
    back = difference(after, journals.one(), 0.05)
    assert back.better == ["coupled: web.success during fault < 20%: holds now"]
    assert back.notes == ["decoupled: web.lost = 0: newly expected, holds"]


def test_a_design_that_is_gone_is_worse_and_a_new_one_a_note() -> None:
    after = journals.one()
    del after["designs"]["decoupled"]
    assert "decoupled: the design is gone" in difference(journals.one(), after, 0.05).worse
    assert "decoupled: the design is new" in difference(after, journals.one(), 0.05).notes


def test_recovery_that_never_comes_is_worse() -> None:
    before, after = journals.one(), journals.one()
    before["designs"]["coupled"]["verdict"]["figures"]["recovered_after"] = 2.0
    after["designs"]["coupled"]["verdict"]["figures"]["recovered_after"] = None
    assert difference(before, after, 0.05).worse == ["coupled: recovered_after was 2 s, and now it never comes"]


def test_over_several_seeds_chance_alone_is_no_regression() -> None:
    before, after = journals.seeds(), journals.seeds()
    old = before["over_seeds"]["coupled"]["web.told_no"]
    new = after["over_seeds"]["coupled"]["web.told_no"]
    old.update(mean=100.0, interval=[80.0, 120.0])
    new.update(mean=115.0, interval=[100.0, 130.0])
    assert not difference(before, after, 0.05).worse
    new.update(mean=150.0, interval=[140.0, 160.0])
    assert difference(before, after, 0.05).worse == ["coupled: web.told_no 100 → 150 (+50.0%)"]


def test_other_seeds_are_said() -> None:
    notes = difference(journals.one(1), journals.one(2), 0.5).notes
    assert notes == ["not the same seeds (seed 1 against seed 2): small differences may be chance"]


@pytest.mark.parametrize(
    ("change", "words"), [({"playground": "other"}, "different playgrounds"), ({"duration": 20.0}, "different durations")]
)
def test_what_cannot_be_compared_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(NotComparable, match=words):
        difference(journals.one(), {**journals.one(), **change}, 0.05)
