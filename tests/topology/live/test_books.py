"""What the processes write adds up to the truth, whatever they were doing when they were killed."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from topology.ledger import Ledger
from topology.live.books import ARRIVED, KEEPS, KEPT, PIECE, Books, Line, Scribe, died, read_line, succeeded
from topology.message import CRASHED, ERROR, TIMEOUT, YES, Flow, Message, Reach
from topology.sim.elsewhere import ANSWERED, COMPLETED, HELD, OFFERED, RELEASED

WEB, ORDERS, QUEUE, APP, ANOTHER = 1, 2, 3, 4, 5
CALL, TAKE, GIVE = 0, 1, 2
"""Links: web -> orders => queue => app; only the app's part counts."""
ROOT = (7 << 32) | 9


def flow() -> Flow:
    return Flow(0, "web", ["app"], 7, ["web", "orders", "queue", "app"], 100_000_000)


def books() -> Books:
    """Empty books of a design with three links, behind each of which the one part lies."""
    one = flow()
    reaches = [[Reach([0], -1, 0)], [Reach([0], -1, 0)], [Reach([0], 0, 1)]]
    return Books(Ledger([one]), [one], reaches)


def line(by: int, what: str, link: int = -1, number: int = 0, code: int = 0, at: int = 5) -> Line:
    return Line(by, what, 0, ROOT, link, number, at, code)


ACCEPTED = [
    line(WEB, OFFERED, number=1000, at=1),
    line(WEB, HELD, CALL),
    line(ORDERS, ARRIVED, CALL, WEB),
    line(ORDERS, HELD, TAKE),
    line(QUEUE, ARRIVED, TAKE, ORDERS),
    line(ORDERS, RELEASED, CALL),
    line(WEB, ANSWERED, number=YES),
]
DELIVERED = [line(QUEUE, HELD, GIVE), line(APP, ARRIVED, GIVE, QUEUE)]
DONE = [line(APP, COMPLETED, GIVE), line(APP, RELEASED, GIVE), line(QUEUE, RELEASED, TAKE)]


def taken(lines: list[Line]) -> Books:
    made = books()
    for one in lines:
        made.take(one)
    return made


def test_a_message_that_goes_all_the_way_is_served_and_forgotten() -> None:
    made = taken([*ACCEPTED, *DELIVERED, *DONE])
    tally = made.flows[0].tally
    assert (tally.offered, tally.served, tally.in_system) == (1, 1, 0)
    assert made.flows[0].open == 0
    assert not made.messages


def test_what_a_dead_consumer_held_is_still_in_the_queue() -> None:
    made = taken([*ACCEPTED, *DELIVERED, died(APP, 6, 4 << 16)])
    assert made.flows[0].tally.waiting == 1
    made.take(died(APP, 7, 4 << 16))  # twice is harmless
    for one in [line(QUEUE, HELD, GIVE), line(ANOTHER, ARRIVED, GIVE, QUEUE)]:
        made.take(one)
    for one in [line(ANOTHER, COMPLETED, GIVE), line(ANOTHER, RELEASED, GIVE), line(QUEUE, RELEASED, TAKE)]:
        made.take(one)
    assert made.flows[0].tally.served == 1
    assert made.flows[0].open == 0


def test_what_only_memory_held_is_lost_with_the_process_and_the_reason_is_told() -> None:
    made = taken([*ACCEPTED, died(QUEUE, 6, 3 << 16)])
    tally = made.flows[0].tally
    assert tally.lost == 1
    assert tally.reasons == {"queue: crashed in memory": 1}


def test_a_queue_that_is_started_anew_goes_on_with_what_it_kept() -> None:
    made = taken([*ACCEPTED, succeeded(QUEUE, ANOTHER, 6), line(ANOTHER, KEEPS, TAKE), line(ANOTHER, KEPT)])
    assert made.flows[0].tally.waiting == 1
    assert made.holds[ANOTHER].held == {((0, ROOT), TAKE): 1}


def test_what_a_queue_does_not_keep_any_more_is_let_go() -> None:
    """A delivery that was on its way when the queue died: nobody has it."""
    made = taken([*ACCEPTED, line(QUEUE, HELD, GIVE), succeeded(QUEUE, ANOTHER, 6)])
    for one in [line(ANOTHER, KEEPS, TAKE), line(ANOTHER, KEPT)]:
        made.take(one)
    assert made.flows[0].open == 1
    assert made.flows[0].tally.waiting == 1


def test_a_call_that_arrives_after_its_caller_died_is_held_again() -> None:
    made = taken([line(WEB, OFFERED, number=1000, at=1), line(WEB, HELD, CALL), line(WEB, ANSWERED, number=ERROR, code=TIMEOUT)])
    made.take(died(WEB, 6, 1 << 16))
    made.take(line(ORDERS, ARRIVED, CALL, WEB))
    if made.messages:
        made.take(line(ORDERS, RELEASED, CALL))
    assert made.flows[0].open == 0
    assert made.flows[0].tally.failed == 1


def test_a_message_belongs_to_the_era_of_its_intended_instant_however_late_its_line_is() -> None:
    made = books()
    made.flows[0].mark()
    made.begins.append(100)
    for root, at in ((1, 99), (2, 100)):
        made.take(Line(WEB, OFFERED, 0, root, -1, 1000, at, 0))
    assert [tally.offered for tally in made.flows[0].tallies] == [1, 1]


@given(st.permutations([*DELIVERED, *DONE]), st.sampled_from([WEB, ORDERS, QUEUE, APP]), st.integers(0, 6))
def test_the_fates_always_add_up(rest: list[Line], victim: int, when: int) -> None:
    made = taken([*ACCEPTED, *rest[:when], died(victim, 6, victim << 16), *rest[when:]])
    tally = made.flows[0].tally
    fates = (tally.served, tally.late, tally.refused, tally.failed, tally.lost, tally.dead_lettered, tally.in_system)
    assert sum(fates) == tally.offered == 1
    assert made.flows[0].open >= 0


def test_lines_come_whole_and_in_the_order_in_which_they_were_written() -> None:
    reading, writing = os.pipe()
    one = flow()
    message = Message(one, 9, ROOT, 1, 1000)
    for by in (WEB, APP):
        scribe = Scribe(writing, by)
        for _ in range(100):
            scribe.write(RELEASED, message, TAKE, 0, CRASHED | 3 << 16, 5)
        assert max(map(len, scribe.lines)) < PIECE
        scribe.flush()
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        lines = [read_line(raw.rstrip(b"\n")) for raw in pipe]
    assert [read.by for read in lines] == [WEB] * 100 + [APP] * 100
    assert lines[0] == line(WEB, RELEASED, TAKE, 0, CRASHED | 3 << 16)
