"""Events arrive whole, in order, and add up."""

from __future__ import annotations

import os

from topology.live import report
from topology.live.account import Account
from topology.live.report import LONGEST, Event, Reporter, read_event
from topology.message import Flow, Message


def test_an_event_is_one_line_that_no_other_writer_can_cut() -> None:
    reading, writing = os.pipe()
    Reporter(writing, "inventory/0").say(report.NOTE, "é" * 10_000, number=3)
    Reporter(writing, "inventory/1").about(report.DONE, Message(Flow(0, "web", [], 1, [], 1), 5, 5, 0, 0))
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        lines = pipe.readlines()
    assert max(len(line) for line in lines) <= LONGEST
    first, second = (read_event(line) for line in lines)
    assert (first.by, first.what, first.number) == ("inventory/0", report.NOTE, 3)
    assert set(first.words) == {"é"}
    assert (second.by, second.what, second.flow, second.n) == ("inventory/1", report.DONE, "web", 5)


def test_an_account_knows_what_is_owed_and_what_was_done_twice() -> None:
    account = Account("inventory")
    for by, what, n in (
        ("backlog/0", report.ACCEPTED, 1),
        ("backlog/0", report.ACCEPTED, 2),
        ("orders/0", report.DONE, 2),
        ("backlog/0", report.DELIVERED, 1),
        ("backlog/0", report.DELIVERED, 1),
        ("inventory/0", report.DONE, 1),
        ("inventory/0", report.DONE, 1),
        ("backlog/0", report.DELETED, 1),
    ):
        account.take(Event(by, what, 0, "web", n))
    assert account.owed == account.kept == {("web", 2)}
    assert (account.redelivered, account.duplicates) == (1, 1)
