"""The page: whole, alone, well-formed, for readers who see no colours, and safe against what a file says."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from chaos import report
from tests.chaos import sample_journals as journals

VOID = {"meta", "link", "br"}


class Reader(HTMLParser):
    """Reads a page, keeps what it has, and refuses elements that do not close in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(journal: dict[str, Any]) -> Reader:
    """A page, read."""
    reader = Reader()
    reader.feed(report.write("html", journal))
    reader.close()
    assert not reader.open
    return reader


@pytest.mark.parametrize("make", [journals.one, journals.red, journals.seeds, journals.together])
def test_it_stands_alone(make: Any) -> None:
    page = read(make())
    assert page.tags[0] == ("html", {"lang": "en"})
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "img", "iframe", "object", "embed", "form"}
    links = [value for _, attrs in page.tags for name, value in attrs.items() if name in ("src", "href", "srcset")]
    assert links == ["data:,"]
    text = report.write("html", make())
    assert "@media print" in text
    assert "prefers-color-scheme:dark" in text
    assert not re.search(r"https?://|@import|url\((?!#)", text)
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)


def test_pictures_and_tables_say_what_they_are() -> None:
    page = read(journals.seeds())
    pictures = [attrs for tag, attrs in page.tags if tag == "svg" and attrs.get("role") == "img"]
    assert [attrs["aria-label"] for attrs in pictures] == [
        "Timelines of all designs",
        "Topology of coupled",
        "Topology of decoupled",
    ]
    assert all(attrs.get("scope") in ("col", "row") for tag, attrs in page.tags if tag == "th")
    titles = sum(1 for tag, _ in page.tags if tag == "title")
    assert titles >= 1 + len(pictures)


def test_what_a_file_says_is_only_words() -> None:
    told = journals.red()
    told["about"] = "<script>alert(1)</script>"
    told["playground"] = '"><img src=x onerror=alert(1)>'
    told["faults"][0]["words"] = "<b>inventory"
    page = read(told)
    assert not {"script", "img"} & {tag for tag, _ in page.tags}
    assert "<script>alert(1)</script>" in page.words


def test_verdicts_are_words_and_marks_not_only_colours() -> None:
    words = read(journals.red()).words
    assert "✖ did not hold" in words
    assert "? unknown" in words
    assert "✔ held" in words


def test_why_and_cost_are_shown_where_they_are_known() -> None:
    words = " ".join(read(journals.red()).words)
    assert "✖ Why: coupled: web.success during fault < 20%" in words
    assert "because" in words
    assert "What each fault cost" in words
    assert "told no 200, bad answers for 1 min 1 s" in words
    assert "What each fault cost" not in " ".join(read(journals.one()).words)


def test_it_is_light() -> None:
    assert len(report.write("html", journals.one()).encode()) < 100_000


def test_a_run_without_series_still_has_a_page() -> None:
    told = journals.one()
    for design in told["designs"].values():
        design["series"] = {}
    assert "No series were kept of this run." in read(told).words
