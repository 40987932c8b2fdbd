"""One item of four that no task takes."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.command import Refused
from tests.chaos.faults.flows import CALL, working
from tests.chaos.faults.shops import breaks, clean, gauge, node, reasons, to


def each(distributed: bool, **more: Any) -> dict[str, Any]:
    """A Map over the items of an order."""
    config = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}} if distributed else {}
    processor = {**config, "StartAt": "Work", "States": {"Work": CALL | {"End": True}}}
    return {"Each": {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "End": True, **more}}


def test_an_inline_map_fails_with_its_one_item() -> None:
    run = to(working(each(False), breaks("bad_item", "flow", 2, 2)), 8)
    assert gauge(run, "flow", "failed") == pytest.approx(200, abs=2)
    assert gauge(run, "flow", "succeeded") == pytest.approx(600, abs=3)
    assert list(reasons(run)) == ["flow: the execution failed: States.TaskFailed"]
    assert clean(run)


@pytest.mark.parametrize(
    ("more", "failed"),
    [
        ({}, 200),
        ({"ToleratedFailurePercentage": 24}, 200),
        ({"ToleratedFailurePercentage": 25}, 0),
        ({"ToleratedFailureCount": 1}, 0),
    ],
)
def test_a_distributed_map_decides_by_what_it_tolerates(more: dict[str, Any], failed: int) -> None:
    run = to(working(each(True, **more), breaks("bad_item", "flow", 2, 2)), 8)
    assert gauge(run, "flow", "failed") == pytest.approx(failed, abs=2)
    if failed:
        assert list(reasons(run)) == ["flow: the execution failed: States.ExceedToleratedFailureThreshold"]
    assert clean(run)


def test_what_is_tolerated_is_done_without_that_item() -> None:
    run = to(working(each(True, ToleratedFailurePercentage=25), breaks("bad_item", "flow", 2, 2)), 8)
    assert node(run, "app").arrivals == pytest.approx(4 * 600 + 3 * 200, abs=12)


def test_a_retry_around_it_does_all_of_it_again_in_vain() -> None:
    again = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 1}]
    run = to(working(each(True, Retry=again, MaxConcurrency=1), breaks("bad_item", "flow", 2, 9)), 12)
    # Three attempts, two seconds: those of the last two seconds are still at it when their item is mended.
    assert gauge(run, "flow", "failed") == pytest.approx(700, abs=4)
    assert clean(to(run, 16))


def test_a_share_of_the_executions_and_two_hit_more() -> None:
    both = breaks("bad_item", "flow", 2, 8, share="20%"), breaks("bad_item", "flow", 2, 4, share="50%")
    run = to(working(each(False), *both), 14)
    assert gauge(run, "flow", "failed") == pytest.approx(400 * 0.6 + 400 * 0.2, abs=50)


def test_without_a_map_there_is_no_item() -> None:
    with pytest.raises(Refused, match="a task in a Map"):
        working({"Work": CALL | {"End": True}}).do(breaks("bad_item", "flow", 0))
