"""A queue with a store refuses what its disk has no room for, and stores what other queues give it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.topology.live.desk import FLOW, NOWHERE, Desk
from tests.topology.worlds import MS, S
from topology.live.durable import StoredSqs
from topology.live.letter import Body, write_message
from topology.live.store import Store
from topology.message import YES, Message
from topology.node import Call
from topology.queues.backlog import Entry


class Clerk:
    """All that a queue asks of its courier."""

    def as_stored(self, call: Call) -> Body:
        """What a call carries."""
        return write_message(call.message)


class StoredDesk(Desk):
    """As a desk, with a queue that asks its store first."""

    def made(self) -> StoredSqs:
        clerk: Any = Clerk()
        return StoredSqs(clerk, self.keeper)


def test_a_full_disk_refuses_what_is_sent_until_there_is_room_again(tmp_path: Path) -> None:
    desk = StoredDesk("sqs, visibility: 2s", S, Store(tmp_path / "q"))
    desk.send(1)
    desk.keeper.store.journal.quota = 1
    desk.send(2)
    assert desk.refused == ["disk full"]
    desk.ask(10)
    desk.settle(0, YES)
    assert desk.ended == [1], "deletes need no room"
    desk.keeper.store.journal.quota = 0
    desk.send(3)
    assert desk.refused == ["disk full"]
    assert [kept.body["n"] for kept in Store(tmp_path / "q").kept.values()] == [3]


def test_a_dead_letter_is_stored_with_the_queue_that_it_came_from(tmp_path: Path) -> None:
    desk = StoredDesk("sqs, visibility: 2s", S, Store(tmp_path / "q"))
    entry = Entry(Call(Message(FLOW, 7, 7, 0, 0), NOWHERE, 0, None, 0), 500 * MS)
    entry.buried, entry.source = True, "orders"
    desk.queue.on_transfer(desk, entry)
    (kept,) = Store(tmp_path / "q").kept.values()
    assert (kept.source, kept.since, kept.letter) == ("orders", 500 * MS, "")
    anew = desk.restart("sqs, visibility: 2s", Store(tmp_path / "q"))
    (again,) = anew.queue.by_age
    assert (again.buried, again.source, again.since) == (True, "orders", 500 * MS)


def test_what_a_consumer_gave_back_is_not_hidden_after_a_restart(tmp_path: Path) -> None:
    desk = StoredDesk("sqs, visibility: 1h", S, Store(tmp_path / "q"))
    desk.send(1)
    desk.ask(1)
    desk.wait(10 * MS)
    hidden = desk.restart("sqs, visibility: 1h", Store(tmp_path / "q"))
    assert hidden.queue.in_flight() == 1
    call = desk.given[0][1]
    call.outcome = 3
    desk.queue.on_answer(desk, call)
    shown = desk.restart("sqs, visibility: 1h", Store(tmp_path / "q"))
    assert shown.queue.in_flight() == 0
    assert shown.queue.by_age[0].received == 1
