"""Messages that a node inside makes: in claims, in the journal and on the screen; and not among those of customers."""

from __future__ import annotations

from typing import Any

import pytest

from chaos import report
from chaos.compare.cost import sums
from chaos.experiment import Result, explained, perform
from chaos.figures import flows_of, offered_in
from chaos.journals.journal import journal
from chaos.journals.reading import table
from chaos.journals.schema import schema
from tests.chaos.journals.test_schema import as_written, closed, validator
from topology.plan import Playground
from topology.problems import PlaygroundError
from topology.spec import load_text
from tui.history import figures_of

WARDS = """
playground: wards
duration: 60s
nodes:
  web: {kind: producer, rate: 100/s, arrivals: constant, deadline: 2s}
  app: {kind: service, slots: 16, takes: 1ms}
  it: {kind: stream_processor, size: 1s, by: one, alert: {above: 1}, deadline: 1s%s}
  pager: {kind: service, takes: 1ms}
designs:
  told:
    links: [web -> app, "app -> it", it -> pager]
  untold:
    links: [web -> app, "app -> it"]
timeline:
  - {at: 20s, inject: crash, on: pager, for: 10s}
"""


def wards(expect: str = "", more: str = "") -> Playground:
    return load_text(WARDS % more + expect)


def played(expect: str = "") -> tuple[Result, dict[str, Any]]:
    result = perform(wards(expect), 1)
    return result, journal(result, 0.25)


def test_claims_read_both_its_messages_and_the_node() -> None:
    lines = [
        'that: it.offered, is: "= 55"', 'that: it.told_no, during: fault, is: "= 10"',
        'that: it.success, during: before, is: "= 100%"',
        'that: it.latency.max, during: before, is: "< 2ms"', 'that: it.refused, is: "= 10"', 'that: it.lost, is: "= 0"',
        'that: it.arrivals, is: "= 5500"', 'that: it.unhealthy, is: "= 0s"', 'that: it.attempts, is: "= 55"',
        'that: it.success, during: 21s..29s, eventually: "< 1%"', 'that: it.up, always: "= 1"',
    ]  # fmt: skip
    expect = "expect:\n" + "".join(f"  - {{in: told, {line}}}\n" for line in lines)
    result, told = played(expect)
    assert [(row["that"], row["value"]) for row in told["expectations"] if row["verdict"] != "pass"] == []
    result.run.close()


def test_customers_are_told_of_their_own_requests_alone() -> None:
    result, told = played()
    run = result.run
    design = told["designs"]["told"]
    assert list(design["flows"]) == ["web"]
    assert design["emitted"]["it"]["told_no"] == 10
    assert design["verdict"]["figures"]["offered"] == 4000
    assert design["verdict"]["figures"]["told_no"] == 0
    assert sums(run)["told"].counts()["told_no"] == 0
    frame = next(frame for frame in run.frames() if frame.design == "told")
    assert (figures_of(frame).told_no, figures_of(frame).told_yes) == (0, 5999)
    world = next(world for world in run.worlds if world.plan.name == "told")
    assert (flows_of(world), offered_in(world)) == (["web"], ["web", "it"])
    run.close()


def test_a_design_in_which_it_tells_nobody_has_no_such_flow() -> None:
    result, told = played()
    design = told["designs"]["untold"]
    assert "emitted" not in design
    assert "it.yes" not in design["series"]
    result.run.close()
    with pytest.raises(PlaygroundError, match="no figure"):
        wards('expect:\n  - {in: untold, that: it.offered, is: "> 0"}\n')


def test_reports_and_the_schema_have_it() -> None:
    result, told = played()
    rows = {row[0]: row[1:] for row in table(told)}
    assert rows["it: told no"] == ["10", "–"]
    assert rows["told no"] == ["0", "0"]
    assert not [error.message for error in validator("run", closed(schema())).iter_errors(as_written(told))]
    for form in ("html", "markdown"):
        assert "it: told no" in report.write(form, told)
    result.run.close()


def test_a_claim_that_does_not_hold_says_which_alert_and_why() -> None:
    result = explained(perform(wards('expect:\n  - {in: told, that: it.told_no, is: "= 0"}\n'), 1))
    told = journal(result, 0.25)
    row = told["expectations"][0]
    assert (row["verdict"], row["value"]) == ("fail", 10.0)
    assert row["first_offence"]["node"] == "it"
    assert "pager: connection refused" in row["first_offence"]["words"]
    assert [step["where"] for step in row["why"]] == ["it", "it -> pager", "pager", "crash"]
    result.run.close()


def test_its_work_may_be_said() -> None:
    plan = wards(more=", work: [pager]")
    assert [(flow.producer, flow.work) for flow in plan.flows] == [("web", ("app", "it")), ("it", ("pager",))]
