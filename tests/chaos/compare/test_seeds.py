"""Runs in worker processes: the same whatever their number, ended early when asked to, and never left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from chaos.compare.seeds import Crew, Task, WorkerLost, how_to_start, perform_all, perform_one
from tests.chaos.playgrounds import CLAIMS, CRASH, small
from topology.plan import Playground


def opened(more: str = CRASH + CLAIMS) -> Playground:
    """What workers open."""
    return small(more)


def never() -> int:
    """Nobody asks to stop."""
    return 0


def told(numbers: Sequence[int], jobs: int, **given: Any) -> list[dict[str, Any]]:
    """The journals of the small shop with these seeds, without what may differ."""
    tasks = [Task(0, number) for number in numbers]
    stop, tell = given.get("stop", never), given.get("tell", lambda share: None)
    found = list(perform_all([opened], tasks, jobs, tell, stop, given.get("start", "")))
    for one in found:
        one.pop("environment")
    return found


def test_the_number_of_workers_changes_nothing() -> None:
    here = [perform_one(opened(), seed, lambda share: None, never) for seed in (3, 1, 2)]
    for one in here:
        one.pop("environment")
    assert told([3, 1, 2], 1) == told([3, 1, 2], 3) == here


def test_several_playgrounds_in_the_order_of_their_tasks() -> None:
    tasks = [Task(1, 5), Task(0, 4), Task(1, 3)]
    found = list(perform_all([opened, partial(opened, "")], tasks, 2, lambda share: None, never))
    assert [(one["seed"], len(one["faults"])) for one in found] == [(5, 0), (4, 1), (3, 0)]


def test_how_far_it_has_come_is_told_and_ends_with_all() -> None:
    shares: list[float] = []
    told([1, 2, 3], 2, tell=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_stopping_ends_what_is_under_way_and_begins_nothing_more() -> None:
    asked: list[int] = []

    def stop() -> int:
        asked.append(1)
        return 2 if len(asked) > 1 else 0

    found = told(range(1, 200), 2, stop=stop)
    assert 1 <= len(found) < 100
    assert [one["seed"] for one in found] == list(range(1, len(found) + 1))
    assert {one["exit_code"] for one in found} <= {0, 130}
    assert not multiprocessing.active_children()


def test_a_worker_that_dies_is_named_and_the_others_are_ended() -> None:
    crew = Crew([opened], [Task(0, seed) for seed in range(1, 60)], 2, lambda share: None, never, how_to_start())
    victim = next(iter(crew.workers.values()))
    assert victim.pid is not None
    os.kill(victim.pid, signal.SIGKILL)
    with pytest.raises(WorkerLost, match=r"seed \d+ ended early \(signal 9\)"):
        list(crew.journals())
    crew.end()
    assert not any(process.is_alive() for process in crew.workers.values())


def test_a_generator_that_nobody_finishes_leaves_no_worker_behind() -> None:
    journals = perform_all([opened], [Task(0, seed) for seed in range(1, 60)], 2, lambda share: None, never)
    assert next(journals)["seed"] == 1
    journals.close()
    assert not multiprocessing.active_children()


def broken() -> Playground:
    """What cannot be opened."""
    raise RuntimeError("no such thing")


def test_an_error_in_a_worker_is_an_error_here() -> None:
    with pytest.raises(RuntimeError, match="no such thing"):
        list(perform_all([broken], [Task(0, 1), Task(0, 2)], 2, lambda share: None, never))


@pytest.mark.slow
def test_workers_that_are_started_afresh_give_the_same() -> None:
    assert told([1, 2], 2, start="spawn") == told([1, 2], 1)
