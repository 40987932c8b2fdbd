"""Workers that never call back."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.flows import asking
from tests.chaos.faults.shops import breaks, clean, gauge, shop, to


def test_executions_wait_and_go_on_waiting_after_the_heal() -> None:
    run = asking(breaks("callbacks_lost", "flow", 2, 4, share="100%"))
    assert gauge(to(run, 1.99), "flow", "running") == pytest.approx(50, abs=3)
    done = gauge(to(run, 2.6), "flow", "succeeded")
    assert gauge(to(run, 5.9), "flow", "succeeded") == done
    assert gauge(to(run, 9), "flow", "running") == pytest.approx(400 + 50, abs=6)
    assert gauge(run, "flow", "failed") == gauge(run, "flow", "timed out") == 0
    assert gauge(run, "flow", "succeeded") == pytest.approx(900 - 450, abs=6)
    assert clean(run)


def test_by_default_it_is_half_of_them_and_a_heartbeat_does_not_help() -> None:
    run = asking(breaks("callbacks_lost", "flow", 2, 4), heartbeat=1)
    assert gauge(to(run, 9), "flow", "running") == pytest.approx(200 + 50, abs=30)
    assert gauge(run, "flow", "failed") == 0


def test_two_hit_more_and_each_heals_alone() -> None:
    both = breaks("callbacks_lost", "flow", 2, 8, share="20%"), breaks("callbacks_lost", "flow", 2, 4, share="50%")
    run = asking(*both)
    first = gauge(to(run, 6), "flow", "running") - 50 * 0.4
    assert first == pytest.approx(400 * 0.6, abs=35)
    assert gauge(to(run, 10), "flow", "running") - 50 * 0.8 - first == pytest.approx(400 * 0.2, abs=30)
    assert gauge(to(run, 12), "flow", "running") == pytest.approx(50 + 400 * 0.8, abs=45)
    assert clean(run)


def test_without_a_token_there_is_nobody_to_call_back() -> None:
    task = "{Type: Task, Resource: 'arn:aws:states:::lambda:invoke', End: true}"
    nodes = {"flow": f"step_functions, definition: {{StartAt: Ask, States: {{Ask: {task}}}}}"}
    with pytest.raises(Refused, match="a task that waits for a token"):
        shop(nodes, ["web => flow -> app"]).do(breaks("callbacks_lost", "flow", 0))
