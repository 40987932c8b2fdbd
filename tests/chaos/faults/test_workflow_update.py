"""A workflow that is updated while its executions run."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.command import Refused
from tests.chaos.faults.flows import CALL, working
from tests.chaos.faults.shops import breaks, clean, gauge, node, reasons, to

ALL = [{"ErrorEquals": ["States.ALL"]}]
STATES: dict[str, Any] = {
    "Charge": CALL | {"Next": "Rest"},
    "Rest": {"Type": "Wait", "Seconds": 3, "Next": "Ship"},
    "Ship": CALL | {"Retry": ALL, "Catch": [ALL[0] | {"Next": "Never"}], "End": True},
    "Never": {"Type": "Succeed"},
}


def test_each_execution_keeps_the_version_that_it_began_with() -> None:
    run = working(STATES, breaks("workflow_update", "flow", 2, 2, share="100%"))
    # What has begun before comes to its end, whatever is deployed meanwhile.
    assert gauge(to(run, 4.98), "flow", "succeeded") == pytest.approx(197, abs=4)
    assert gauge(run, "flow", "failed") == 0
    # What has begun by the next version fails when it comes to the mistake, long after that is taken back.
    assert gauge(to(run, 6), "flow", "failed") == pytest.approx(100, abs=4)
    assert gauge(to(run, 12), "flow", "failed") == pytest.approx(200, abs=2)
    assert list(reasons(run)) == ["flow: the execution failed: States.Runtime"]
    assert clean(run)


def test_all_before_the_mistake_is_done_and_no_retry_helps() -> None:
    run = to(working(STATES, breaks("workflow_update", "flow", 2, 2, share="100%")), 12)
    # 1,200 are charged; shipped are those that were begun until 9 s, without the 200.
    assert node(run, "app").arrivals == pytest.approx(1200 + 700, abs=6)
    assert gauge(run, "flow", "failed") == pytest.approx(200, abs=2)


def test_by_default_it_is_half_of_them_and_two_hit_more() -> None:
    run = to(working(STATES, breaks("workflow_update", "flow", 2, 4)), 12)
    assert gauge(run, "flow", "failed") == pytest.approx(200, abs=35)
    both = breaks("workflow_update", "flow", 2, 8, share="20%"), breaks("workflow_update", "flow", 2, 4, share="50%")
    run = to(working(STATES, *both), 16)
    assert gauge(run, "flow", "failed") == pytest.approx(400 * 0.6 + 400 * 0.2, abs=50)
    assert clean(run)


def test_the_next_version_may_be_another_definition() -> None:
    update = {"StartAt": "Post", "States": {"Post": CALL | {"End": True}}}
    run = working(STATES, breaks("workflow_update", "flow", 2, 2, share="100%"), update=update, tasks={"Post": "app"})
    assert gauge(to(run, 4), "flow", "running") == pytest.approx(100, abs=4)
    assert gauge(run, "flow", "succeeded") == pytest.approx(300, abs=4)
    assert gauge(to(run, 12), "flow", "failed") == 0
    assert clean(run)


def test_without_a_task_there_is_nothing_to_get_wrong() -> None:
    run = working({"Done": {"Type": "Succeed"}}, links=("web => flow", "web -> app"))
    with pytest.raises(Refused, match="with a task, or with an update"):
        run.do(breaks("workflow_update", "flow", 0))
