"""Bounded queues: the words of the file, as the service reads them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.topology.worlds import world
from topology.policies.queue import Queue


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"limit": None, "order": "fifo", "when_full": "refuse"}, (-1, False, False)),
        ({"limit": 0, "order": "lifo", "when_full": "refuse"}, (0, True, False)),
        ({"limit": 7, "order": "fifo", "when_full": "drop_oldest"}, (7, False, True)),
    ],
)
def test_what_it_says(values: dict[str, Any], expected: tuple[int, bool, bool]) -> None:
    place = world({"web": "producer, rate: 1/s", "app": "service"}, ["web -> app"]).groups["app"].places[0]
    one = Queue()
    one.configure(place, values, "app")
    assert (one.limit(), one.newest_first(), one.drops_oldest()) == expected
