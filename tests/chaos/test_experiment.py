"""Exit codes, seeds, the journal and its reports."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from chaos import report
from chaos.experiment import Result, code_of, perform
from chaos.journals.journal import COUNTS, journal
from chaos.registry import faults
from tests.chaos.playgrounds import CLAIMS, CRASH, small
from topology.spec import load_text

STEADY = 'steady:\n  - {in: all, that: web.success, is: ">= 99%"}\n'
FAILING = 'expect:\n  - {in: decoupled, that: web.success, during: all, is: "< 5%"}\n'
HOPELESS = 'steady:\n  - {in: all, that: web.success, is: "< 1%"}\n'
GONE = "timeline:\n  - {at: 6s, scale: inventory, to: 1}\n  - {at: 10s, inject: crash, on: inventory/1}\n"


@pytest.fixture(scope="module")
def crashed() -> Result:
    return perform(small(CRASH + CLAIMS), 1)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ("", 0),
        (CRASH + CLAIMS, 0),
        (CRASH + STEADY + FAILING, 1),
        (CRASH + HOPELESS + FAILING, 3),
        (GONE + HOPELESS + FAILING, 4),
        (GONE, 4),
    ],
)
def test_exit_codes(more: str, code: int) -> None:
    assert perform(small(more), 1).code == code


def test_a_signal_is_stronger_than_everything() -> None:
    result = perform(small(CRASH + HOPELESS), 1, stop=lambda: 2)
    assert result.code == 130
    assert result.run.end == 0


@pytest.mark.parametrize(
    ("codes", "strongest"), [([0, 1], 1), ([1, 3], 3), ([3, 4, 1], 4), ([0], 0), ([4, 2], 2), ([2, 143], 143), ([], 0)]
)
def test_the_strongest_code(codes: list[int], strongest: int) -> None:
    assert code_of(codes) == strongest


def test_the_journal_says_what_happened(crashed: Result) -> None:
    told = journal(crashed, 0.5)
    assert told["digest"] == crashed.digest
    assert (told["seed"], told["duration"], told["exit_code"]) == (1, 30.0, 0)
    assert [one["verdict"] for one in told["expectations"]] == ["pass"] * 3
    assert [(c["verb"], c["at"], c["what"], c["for_ns"]) for c in told["commands"]] == [
        ("inject", 10.0, "crash", 5 * 10**9)
    ]
    fault = told["faults"][0]
    assert (fault["since"], fault["until"]) == (10.0, 15.0)
    assert fault["targets"]["coupled"] == ["inventory/0, inventory/1"]
    for design in told["designs"].values():
        for flow in design["flows"].values():
            assert set(COUNTS) <= set(flow)
            fates = ("served", "late", "refused", "failed", "lost", "dead_lettered", "in_system")
            assert flow["offered"] == sum(flow[name] for name in fates)
            assert set(flow["latency"]) == {"mean", "p50", "p90", "p99", "p999", "max"}
        assert design["nodes"]["inventory"]["arrivals"] > 0
        assert design["verdict"]["sentence"]


def test_the_journal_is_json_and_back(crashed: Result) -> None:
    told = journal(crashed)
    assert json.loads(report.write("json", told)) == json.loads(json.dumps(told))


def test_equal_runs_have_equal_journals_outside_environment(crashed: Result) -> None:
    again = journal(perform(small(CRASH + CLAIMS), 1), 7.0)
    told = journal(crashed, 1.0)
    assert told.pop("environment") != again.pop("environment")
    assert told == again


def test_the_summary_is_for_people(crashed: Result) -> None:
    text = report.write("text", journal(crashed))
    assert "crash on inventory (all replicas) until 00:15" in text
    assert "coupled" in text
    assert "decoupled told none no" in text
    assert text.endswith("All 3 expectations held.\n")
    assert all(len(line) <= 100 for line in text.splitlines())


def test_what_was_not_expected_is_said() -> None:
    assert "Nothing was expected" in report.write("text", journal(perform(small(), 1)))


def test_what_a_short_duration_cuts_off_is_said() -> None:
    playground = load_text(small(CRASH).source, "x", faults=faults())
    told = journal(perform(replace(playground, duration_ns=8_000_000_000), 1))
    assert [one["at"] for one in told["not_reached"]] == [10.0]
    assert "not reached: inject crash" in report.write("text", told)


def test_formats_come_from_the_folder() -> None:
    own = {path.stem for path in (Path(report.__file__).parent / "reports").glob("*.py")} - {"__init__"}
    assert own <= set(report.formats())
    with pytest.raises(KeyError):
        report.write("nothing", {})
