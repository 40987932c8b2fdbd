"""JUnit XML, as Jenkins, GitLab and most others read it: a suite for each playground, a case for each expectation."""

from __future__ import annotations

import re
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from chaos.journals.reading import (
    FAIL,
    PASS,
    chain,
    claim,
    could_not,
    ending,
    held_in,
    many,
    play_line,
    playgrounds,
    runs,
    seeds_in_words,
    verdicts,
)
from chaos.report import Report

Case = tuple[str, str, str, str, str]
"""Class, name, kind of trouble (`failure`, `error` or none), its type, and what there is to say."""

NEVER = "1970-01-01T00:00:00"
ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Junit(Report):
    """JUnit XML for a CI server. An unknown expectation is a failure of type `unknown`; a fault that hit nothing is an error."""

    suffix = ".xml"

    def write(self, journal: dict[str, Any]) -> str:
        """One testsuites element, with the common schema's order of elements."""
        suites = "".join(_suite(number, one) for number, one in enumerate(playgrounds(journal)))
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n{suites}</testsuites>\n'


def _suite(number: int, journal: dict[str, Any]) -> str:
    cases = _cases(journal)
    failures = sum(1 for case in cases if case[2] == "failure")
    errors = sum(1 for case in cases if case[2] == "error")
    outside = journal["environment"]
    seconds = f"{outside['wall_seconds']:.3f}"
    attributes = {
        "name": journal["playground"],
        "id": number,
        "package": "knockon",
        "hostname": "localhost",
        "timestamp": outside.get("started") or NEVER,
        "tests": len(cases),
        "failures": failures,
        "errors": errors,
        "time": seconds,
    }
    properties = {"seeds": seeds_in_words(journal), "version": outside["version"], "exit code": journal["exit_code"]}
    lines = [
        f"<testsuite{_attributes(attributes)}>",
        "<properties>",
        *(f"<property{_attributes({'name': name, 'value': what})}/>" for name, what in properties.items()),
        "</properties>",
        *(_case(case) for case in cases),
        f"<system-out>{_text(_said(journal))}</system-out>",
        "<system-err></system-err>",
        "</testsuite>",
    ]
    return "\n".join(lines) + "\n"


def _said(journal: dict[str, Any]) -> str:
    lines = [] if many(journal) else verdicts(journal)
    return "\n".join([*lines, ending(journal)])


def _cases(journal: dict[str, Any]) -> list[Case]:
    name = journal["playground"]
    gate = [_judged(name, f"steady: {claim(row)}", row, journal, run) for run in runs(journal) for row in run["steady"]]
    rows = [_judged(name, claim(row), row, journal, journal) for row in journal["expectations"]]
    return [*_ran(journal), *_merged(gate), *rows]


def _ran(journal: dict[str, Any]) -> list[Case]:
    """That the run came to its end, and that every command found what it was meant for."""
    name = journal["playground"]
    missed = [
        f"seed {run['seed']}, {command['at']:g} s: {could_not(command)}"
        for run in runs(journal)
        for command in run["not_done"]
    ]
    what = ("error", "not injected", "\n".join(missed)) if missed else ("", "", "")
    if any(run["cut_short"] for run in runs(journal)):
        what = ("error", "interrupted", "the run was interrupted: what it shows is only its beginning")
    return [(f"{name}.timeline", "everything was done that the timeline asks for", *what)]


def _judged(name: str, title: str, row: dict[str, Any], journal: dict[str, Any], run: dict[str, Any]) -> Case:
    where = f"{name}.{row['in']}"
    title = title.replace(f"{row['in']}: ", "", 1)
    if row["verdict"] == PASS:
        return where, title, "", "", ""
    seed = row.get("worst_seed", run.get("seed"))
    told = [str(row["sentence"]), held_in(row), *chain(row), f"see it: {play_line(journal, seed)}"]
    kind = "did not hold" if row["verdict"] == FAIL else "unknown"
    return where, title, "failure", kind, "\n".join(line for line in told if line)


def _merged(cases: list[Case]) -> list[Case]:
    """The gate of several seeds as one case for each of its lines, with the first trouble."""
    found: dict[tuple[str, str], Case] = {}
    for case in cases:
        key = case[:2]
        if key not in found or (case[2] and not found[key][2]):
            found[key] = case
    return list(found.values())


def _case(case: Case) -> str:
    where, title, trouble, kind, words = case
    head = f"<testcase{_attributes({'classname': where, 'name': title, 'time': '0'})}"
    if not trouble:
        return f"{head}/>"
    message = words.partition("\n")[0]
    return f"{head}>\n<{trouble}{_attributes({'message': message, 'type': kind})}>{_text(words)}</{trouble}>\n</testcase>"


def _attributes(values: dict[str, Any]) -> str:
    return "".join(f" {name}={quoteattr(ILLEGAL.sub('?', str(what)))}" for name, what in values.items())


def _text(words: str) -> str:
    return escape(ILLEGAL.sub("?", words))
