"""JUnit XML, held to the schema that CI servers share: which elements, in which order, with which attributes."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from chaos import report
from tests.chaos import sample_journals as journals

SUITE = {"name", "timestamp", "hostname", "tests", "failures", "errors", "time", "id", "package"}


def parsed(journal: dict[str, Any]) -> ElementTree.Element:
    """The report, checked against the schema by structure."""
    root = ElementTree.fromstring(report.write("junit", journal))
    assert (root.tag, root.attrib) == ("testsuites", {})
    for number, suite in enumerate(root):
        _check_suite(suite, number)
    return root


def _check_suite(suite: ElementTree.Element, number: int) -> None:
    assert suite.tag == "testsuite"
    assert set(suite.attrib) == SUITE
    assert suite.attrib["id"] == str(number)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.attrib["timestamp"])
    assert float(suite.attrib["time"]) >= 0
    tags = [child.tag for child in suite]
    cases = [child for child in suite if child.tag == "testcase"]
    assert tags == ["properties", *["testcase"] * len(cases), "system-out", "system-err"]
    assert all(child.tag == "property" and set(child.attrib) == {"name", "value"} for child in suite[0])
    for case in cases:
        assert set(case.attrib) == {"name", "classname", "time"}
        assert [child.tag for child in case] in ([], ["failure"], ["error"])
        assert all(set(child.attrib) == {"message", "type"} for child in case)
    assert suite.attrib["tests"] == str(len(cases))
    for tag, name in (("failure", "failures"), ("error", "errors")):
        assert suite.attrib[name] == str(len(suite.findall(f"testcase/{tag}")))


@pytest.mark.parametrize("make", [journals.one, journals.red, journals.seeds, journals.together])
def test_it_is_valid(make: Any) -> None:
    parsed(make())


def test_a_case_for_the_timeline_each_line_of_the_gate_and_each_expectation() -> None:
    suite = parsed(journals.one())[0]
    names = [(case.attrib["classname"], case.attrib["name"]) for case in suite.findall("testcase")]
    assert names[0][0] == "small.timeline"
    assert ("small.coupled", "steady: web.success during before >= 99%") in names
    assert ("small.decoupled", "web.lost = 0") in names
    assert len(names) == 1 + 2 + 3


def test_a_failure_carries_its_sentence_and_why() -> None:
    failure, unknown = parsed(journals.red()).findall(".//failure")
    assert failure.attrib["type"] == "did not hold"
    assert failure.attrib["message"].startswith("coupled: web.success during fault < 20%: ")
    assert "crashed <&> | `all` *of* it" in str(failure.text)
    assert "knockon play small --seed 1" in str(failure.text)
    assert unknown.attrib["type"] == "unknown"


def test_a_command_that_hit_nothing_and_an_interruption_are_errors() -> None:
    missed = journals.one()
    missed["not_done"] = [{"verb": "inject", "what": "crash", "at": 3.0, "why": "nothing there"}]
    error = parsed(missed).find(".//error")
    assert error is not None
    assert (error.attrib["type"], error.text) == ("not injected", "seed 1, 3 s: could not inject crash: nothing there")
    cut = parsed({**journals.one(), "cut_short": True, "exit_code": 130}).find(".//error")
    assert cut is not None
    assert cut.attrib["type"] == "interrupted"


def test_several_seeds_are_one_case_each_and_name_the_worst() -> None:
    told = journals.seeds()
    told["expectations"][0].update(verdict="fail", worst_seed=2, holds_in=2)
    suite = parsed(told)[0]
    assert len(suite.findall("testcase")) == 1 + 2 + 3
    assert "--seed 2" in str(suite.findall(".//failure")[0].text)


def test_characters_that_xml_forbids_do_not_break_it() -> None:
    told = journals.red()
    told["expectations"][0]["sentence"] = "coupled: \x00\x1b[31m\ufffe<>&\"'"
    parsed(told)
