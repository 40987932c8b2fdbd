"""`report` and `diff`: the same reports from a journal as from the run, and what is worse by exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chaos import report
from tests.chaos import sample_journals as journals
from tests.conftest import Knockon

Keep = Callable[[str, Any], None]


@pytest.fixture
def keep(tmp_path: Path) -> Keep:
    """Write a journal where commands run."""

    def write(name: str, told: Any) -> None:
        text = told if isinstance(told, str) else report.write("json", told)
        (tmp_path / name).write_text(text, encoding="utf-8")

    return write


@pytest.mark.parametrize("make", [journals.one, journals.red, journals.seeds, journals.together])
def test_a_journal_that_was_written_and_read_makes_the_same_reports(make: Callable[[], Any]) -> None:
    again = json.loads(report.write("json", make()))
    for name in report.formats():
        assert report.write(name, again) == report.write(name, make()), name


def test_reports_are_made_later_from_a_journal(knockon: Knockon, keep: Keep, tmp_path: Path) -> None:
    keep("a.json", journals.red())
    done = knockon("report", "a.json", "--html", "a.html", "--junit", "a.xml")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "a.html").read_text() == report.write("html", journals.red())
    assert (tmp_path / "a.xml").read_text() == report.write("junit", journals.red())
    assert knockon("report", "a.json").stdout == report.write("text", journals.red())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is not JSON"),
        ("[1]", "is no journal"),
        ("{}", "is no journal"),
        ('{"schema": {"name": "knockon.journal", "version": 99}}', "version 99 of the journal"),
        ('{"schema": {"name": "knockon.journal", "version": 1}}', "is not a whole journal (it has no 'playground')"),
    ],
)
def test_what_is_no_journal_is_said(knockon: Knockon, keep: Keep, content: str, words: str) -> None:
    keep("a.json", content)
    for line in (("report", "a.json"), ("diff", "a.json", "a.json")):
        done = knockon(*line)
        assert (done.returncode, done.stdout) == (2, "")
        assert words.replace("'playground'", "") in done.stderr.replace("'playground'", "").replace("'duration'", "")


def test_a_file_that_is_not_there(knockon: Knockon) -> None:
    done = knockon("report", "nothing.json")
    assert (done.returncode, done.stderr) == (2, "knockon: cannot read nothing.json: no such file or directory\n")


def test_a_difference_ends_with_1_and_names_what_is_worse(knockon: Knockon, keep: Keep) -> None:
    keep("a.json", journals.one())
    worse = journals.one()
    worse["designs"]["decoupled"]["flows"]["web"]["lost"] = 7
    keep("b.json", worse)
    done = knockon("diff", "a.json", "b.json")
    assert done.returncode == 1
    assert "✖ worse: decoupled: web.lost 0 → 7" in done.stdout
    assert knockon("diff", "a.json", "a.json").returncode == 0
    told = json.loads(knockon("diff", "a.json", "b.json", "--json", "-", "--tolerance", "10%").stdout)
    assert (told["worse"], told["tolerance"]) == (["decoupled: web.lost 0 → 7"], 0.1)


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        ({"playground": "other"}, "", "different playgrounds: small and other"),
        ({"duration": 9.0}, "", "different durations"),
        ({}, "--tolerance 5", "--tolerance"),
    ],
)
def test_what_cannot_be_compared_ends_with_2(knockon: Knockon, keep: Keep, change: Any, line: str, words: str) -> None:
    keep("a.json", journals.one())
    keep("b.json", {**journals.one(), **change})
    done = knockon("diff", "a.json", "b.json", *line.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr


def test_the_schema_of_the_report(knockon: Knockon) -> None:
    assert json.loads(knockon("schema", "--report").stdout)["title"] == "knockon.journal version 1"
