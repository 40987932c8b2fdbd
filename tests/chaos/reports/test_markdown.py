"""Markdown for a pull request: red first, folded details, and words that stay words."""

from __future__ import annotations

from chaos import report
from tests.chaos import sample_journals as journals


def test_what_did_not_hold_comes_first_and_what_held_is_folded() -> None:
    told = journals.red()
    told["expectations"].reverse()
    text = report.write("markdown", told)
    assert text.startswith("### ❌ small: 1 of 3 expectations held (exit code 1).\n")
    failed, unknown, held = (text.index(sign) for sign in ("| ❌ |", "| ❓ |", "| ✅ |"))
    assert failed < unknown < text.index("<details><summary>1 held</summary>") < held
    assert "<summary>✖ Why: coupled: web.success during fault &lt; 20%</summary>" in text


def test_the_chain_and_the_cost_are_told() -> None:
    text = report.write("markdown", journals.red())
    assert r"- first at 00:10.2 inventory: crashed \<&\> \| \`all\` \*of\* it" in text
    assert "coupled: told no 200, bad answers for 1 min 1 s" in text


def test_every_table_row_has_the_cells_of_its_head() -> None:
    for line in report.write("markdown", journals.together()).split("\n\n"):
        rows = [row for row in line.splitlines() if row.startswith("|")]
        assert len({row.replace(r"\|", "").count("|") for row in rows}) <= 1


def test_several_playgrounds_have_a_section_each_the_red_ones_first() -> None:
    text = report.write("markdown", journals.together())
    heads = [line[:5] for line in text.splitlines() if line.startswith("### ")]
    assert heads == ["### ❌", "### ✅", "### ✅"]


def test_several_seeds_say_in_how_many_it_held() -> None:
    told = journals.seeds()
    told["expectations"][1].update(verdict="fail", holds_in=2, worst_seed=3)
    text = report.write("markdown", told)
    assert "3 seeds (1 to 3), 30 s each" in text
    assert "| 2 of 3 (it takes 3) |".replace(" (it takes 3)", "") in text
    assert ", seed 3 |" in text


def test_it_fits_into_a_comment() -> None:
    assert len(report.write("markdown", journals.together())) < 20_000
