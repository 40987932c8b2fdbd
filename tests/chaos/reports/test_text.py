"""The summary in plain text."""

from __future__ import annotations

from chaos import report
from tests.chaos import sample_journals as journals


def test_why_and_cost_are_told_where_they_are_known() -> None:
    text = report.write("text", journals.red())
    assert "      first at 00:10.2 inventory: crashed" in text
    assert "      because crashed" in text
    priced = "  crash on inventory (all replicas) at 00:10\n    coupled: told no 200, bad answers for 1 min 1 s"
    assert f"what it cost\n{priced}" in text
    assert "what it cost" not in report.write("text", journals.one())


def test_several_seeds_name_the_worst_and_how_to_see_it() -> None:
    told = journals.seeds()
    told["expectations"][0].update(verdict="fail", holds_in=2, worst_seed=2)
    text = report.write("text", told)
    assert text.startswith("small · 3 seeds (1 to 3) · 30 s\n")
    assert "holds in 2 of 3; of all seeds it holds in" in text
    assert "worst with seed 2: " in text
    assert "see it: knockon play small --seed 2" in text


def test_what_is_unknown_in_some_seeds_says_nothing_about_all() -> None:
    told = journals.seeds()
    told["expectations"][0].update(verdict="unknown", holds_in=2, unknown_in=1)
    text = report.write("text", told)
    assert "holds in 2 of 3, unknown in 1" in text
    assert "of all seeds it holds" not in text


def test_several_playgrounds_follow_each_other() -> None:
    assert report.write("text", journals.together()).count("─" * 80) == 2
