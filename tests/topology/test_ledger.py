"""The ledger by itself: stories of fates told step by step, and random books against a slow second bookkeeper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.topology.worlds import check_sum
from topology.ledger import Ledger
from topology.message import ERROR, REFUSED, SILENT, UNROUTED, YES, Flow, Message, Reach, reason

GRID = 100_000_000
DEADLINE = 1000
BUSY = reason("too busy")
BROKE = reason("broke down")
TOO_OFTEN = reason("failed too often")
TOO_OLD = reason("kept too long")
PARTS = ("orders", "inventory")


@dataclass
class Story:
    """One message of a flow of two parts, and the holds that its attempts have, by name."""

    ledger: Ledger
    flow: Flow
    message: Message
    holds: dict[str, Reach] = field(default_factory=dict)
    now: int = 0

    def call(self, name: str, reach: Reach) -> None:
        self.holds[name] = reach
        self.ledger.hold(self.message, reach)

    def end(self, name: str, code: int = 0) -> None:
        self.ledger.release(self.message, self.holds.pop(name), code, self.now)

    def complete(self, name: str) -> None:
        self.ledger.complete(self.message, self.holds[name], self.now)

    def bury(self, name: str) -> None:
        self.ledger.dead_letter(self.message, self.holds.pop(name), TOO_OFTEN, self.now)

    def redrive(self, name: str, reach: Reach) -> None:
        self.holds[name] = reach
        self.ledger.redrive(self.message, reach, self.now)

    def answer(self, outcome: int, code: int = 0) -> None:
        self.ledger.answer(self.message, outcome, code, self.now)


TO_ORDERS = Reach([0, 1], 0, 1)
TO_INVENTORY = Reach([1], 1, 2)
TO_BACKLOG = Reach([1], -1, 0)
DELIVERY = Reach([1], 1, 4)

Step = tuple[str, Callable[[Story], None], str]
"""What happens, in words; how; and what the books say then: the fate, and every other count that is not 0."""


def begin() -> Story:
    flow = Flow(0, "web", list(PARTS), 7, ["web", *PARTS], GRID)
    ledger = Ledger([flow])
    return Story(ledger, flow, ledger.offer(flow, 1, 7, 0, DEADLINE))


def at(now: int, act: Callable[[Story], None]) -> Callable[[Story], None]:
    """The same, later."""

    def later(s: Story) -> None:
        s.now = now
        act(s)

    return later


COUNTS = ("done", "done_after_no", "half_done", "duplicates", "yes_late")
FATES = ("unanswered", "waiting", "served", "late", "refused", "failed", "lost", "dead_lettered")


def books(s: Story) -> str:
    """The fate that has the message, and every other count that is not 0."""
    tally = s.flow.tally
    check_sum(tally)
    words = [name for name in FATES if getattr(tally, name)]
    words += [f"{name} {getattr(tally, name)}" for name in COUNTS if getattr(tally, name)]
    return ", ".join(words)


ACCEPTED: list[Step] = [
    ("web calls orders", lambda s: s.call("orders", TO_ORDERS), "unanswered"),
    ("orders hands off to the backlog", lambda s: s.call("kept", TO_BACKLOG), "unanswered"),
    ("orders has done its part", lambda s: s.complete("orders"), "unanswered"),
    ("orders' execution ends", lambda s: s.end("orders"), "unanswered"),
    ("web is told yes", lambda s: s.answer(YES), "waiting"),
]

RECEIVED: list[Step] = [
    *ACCEPTED,
    ("inventory receives it", lambda s: s.call("delivery", DELIVERY), "waiting"),
]

BURIED: list[Step] = [
    *RECEIVED,
    ("inventory fails", lambda s: s.end("delivery", BROKE), "waiting"),
    ("the backlog gives it up", lambda s: s.bury("kept"), "dead_lettered"),
]

STORIES: dict[str, list[Step]] = {
    "filter miss": [
        ("web calls orders", lambda s: s.call("orders", TO_ORDERS), "unanswered"),
        ("orders has done its part", lambda s: s.complete("orders"), "unanswered"),
        ("no rule sends it on to inventory", lambda s: s.end("orders"), "unanswered"),
        ("web is told yes", lambda s: s.answer(YES), "lost, half_done 1"),
    ],
    "redrive": [
        *BURIED,
        ("it is redriven", lambda s: s.redrive("kept", TO_BACKLOG), "waiting"),
        ("inventory receives it", lambda s: s.call("again", DELIVERY), "waiting"),
        ("inventory does its part", at(9000, lambda s: s.complete("again")), "served, done 1"),
        ("the delivery ends", lambda s: s.end("again"), "served, done 1"),
        ("it is deleted", lambda s: s.end("kept"), "served, done 1"),
    ],
    "retry that succeeds": [
        ("web calls orders", lambda s: s.call("first", TO_ORDERS), "unanswered"),
        ("orders is too busy", lambda s: s.end("first", BUSY), "unanswered"),
        ("web tries again", lambda s: s.call("second", TO_ORDERS), "unanswered"),
        ("orders calls inventory", lambda s: s.call("inventory", TO_INVENTORY), "unanswered"),
        ("inventory does its part", lambda s: s.complete("inventory"), "unanswered"),
        ("inventory's execution ends", lambda s: s.end("inventory"), "unanswered"),
        ("orders does its part", lambda s: s.complete("second"), "unanswered, done 1"),
        ("orders' execution ends", lambda s: s.end("second"), "unanswered, done 1"),
        ("web is told yes, at the deadline", at(DEADLINE, lambda s: s.answer(YES)), "served, done 1"),
    ],
    "timeout yet done": [
        ("web calls orders", lambda s: s.call("orders", TO_ORDERS), "unanswered"),
        ("orders calls inventory", lambda s: s.call("inventory", TO_INVENTORY), "unanswered"),
        ("web gives up", at(2000, lambda s: s.answer(SILENT, BROKE)), "failed"),
        ("inventory does its part", lambda s: s.complete("inventory"), "failed"),
        ("inventory's execution ends", lambda s: s.end("inventory"), "failed"),
        ("orders does its part", lambda s: s.complete("orders"), "failed, done 1, done_after_no 1"),
        ("orders' execution ends", lambda s: s.end("orders"), "failed, done 1, done_after_no 1"),
    ],
    "half done": [
        ("web calls orders", lambda s: s.call("orders", TO_ORDERS), "unanswered"),
        ("orders calls inventory", lambda s: s.call("inventory", TO_INVENTORY), "unanswered"),
        ("inventory does its part", lambda s: s.complete("inventory"), "unanswered"),
        ("inventory's execution ends", lambda s: s.end("inventory"), "unanswered"),
        ("web gives up", lambda s: s.answer(SILENT, BROKE), "failed"),
        ("orders crashes", lambda s: s.end("orders", BROKE), "failed, half_done 1"),
    ],
    "crash while holding": [
        ("web calls orders", lambda s: s.call("orders", TO_ORDERS), "unanswered"),
        ("orders calls inventory", lambda s: s.call("inventory", TO_INVENTORY), "unanswered"),
        ("orders crashes, inventory works on", lambda s: s.end("orders", BROKE), "unanswered"),
        ("web hears of the reset", lambda s: s.answer(ERROR, BROKE), "failed"),
        ("inventory does its part for nobody", lambda s: s.complete("inventory"), "failed"),
        ("inventory's execution ends", lambda s: s.end("inventory"), "failed, half_done 1"),
    ],
    "crash after yes": [
        ("web calls orders", lambda s: s.call("orders", TO_ORDERS), "unanswered"),
        ("orders hands off to inventory's memory", lambda s: s.call("kept", TO_INVENTORY), "unanswered"),
        ("orders does its part", lambda s: s.complete("orders"), "unanswered"),
        ("orders' execution ends", lambda s: s.end("orders"), "unanswered"),
        ("web is told yes", lambda s: s.answer(YES), "waiting"),
        ("inventory crashes", lambda s: s.end("kept", BROKE), "lost, half_done 1"),
    ],
    "DLQ": BURIED,
    "DLQ expiry": [
        *BURIED,
        ("its retention ends", lambda s: s.ledger.expire(s.message, TO_BACKLOG, TOO_OLD, s.now), "lost, half_done 1"),
    ],
    "duplicate": [
        *RECEIVED,
        ("its visibility ends, another receives it", lambda s: s.call("twice", DELIVERY), "waiting"),
        ("the first does the part", lambda s: s.complete("delivery"), "served, done 1"),
        ("the first ends", lambda s: s.end("delivery"), "served, done 1"),
        ("the second does it too", lambda s: s.complete("twice"), "served, done 1, duplicates 1"),
        ("the second ends", lambda s: s.end("twice"), "served, done 1, duplicates 1"),
        ("it is deleted", lambda s: s.end("kept"), "served, done 1, duplicates 1"),
    ],
    "late": [
        *ACCEPTED[:-1],
        ("web is told yes after the deadline", at(DEADLINE + 1, lambda s: s.answer(YES)), "waiting, yes_late 1"),
        ("inventory receives it", lambda s: s.call("delivery", DELIVERY), "waiting, yes_late 1"),
        ("inventory does its part", lambda s: s.complete("delivery"), "late, done 1, yes_late 1"),
        ("the delivery ends", lambda s: s.end("delivery"), "late, done 1, yes_late 1"),
        ("it is deleted", lambda s: s.end("kept"), "late, done 1, yes_late 1"),
    ],
    "refused at the door": [
        ("web calls orders", lambda s: s.call("orders", TO_ORDERS), "unanswered"),
        ("orders refuses", lambda s: s.end("orders", BUSY), "unanswered"),
        ("web is told no", lambda s: s.answer(REFUSED, BUSY), "refused"),
    ],
}


@pytest.mark.parametrize("name", STORIES)
def test_stories(name: str) -> None:
    story = begin()
    assert books(story) == "unanswered"
    for words, act, expected in STORIES[name]:
        act(story)
        assert books(story) == expected, words
        assert story.ledger.idle() == (story.message.answer != 0 and not story.holds)


REASONS = {
    "filter miss": {"nothing carries it": 1},
    "redrive": {"failed too often": 1},
    "retry that succeeds": {},
    "timeout yet done": {"broke down": 1},
    "crash after yes": {"broke down": 1},
    "DLQ expiry": {"failed too often": 1, "kept too long": 1},
    "late": {},
    "refused at the door": {"too busy": 1},
}


@pytest.mark.parametrize("name", REASONS)
def test_every_no_and_every_loss_has_its_reason(name: str) -> None:
    story = begin()
    for _, act, _ in STORIES[name]:
        act(story)
    assert story.flow.tally.reasons == REASONS[name]


def test_work_lost_before_the_answer_came_keeps_its_reason() -> None:
    story = begin()
    for _, act, _ in STORIES["crash after yes"][:4]:
        act(story)
    story.end("kept", BROKE)
    assert books(story) == "unanswered"
    story.answer(YES)
    assert books(story) == "lost, half_done 1"
    assert story.flow.tally.reasons == {"broke down": 1}


def test_a_dead_letter_that_was_done_all_the_same_is_no_reason() -> None:
    story = begin()
    for _, act, _ in RECEIVED:
        act(story)
    story.complete("delivery")
    story.bury("kept")
    assert books(story) == "served, done 1"
    assert story.flow.tally.reasons == {}


def test_a_flow_without_work_is_done_when_it_is_answered() -> None:
    flow = Flow(0, "web", [], 7, ["web"], GRID)
    ledger = Ledger([flow])
    ledger.answer(ledger.offer(flow, 1, 7, 0, DEADLINE), YES, 0, 5)
    ledger.answer(ledger.offer(flow, 2, 7, 0, DEADLINE), ERROR, BROKE, 5)
    assert (flow.tally.served, flow.tally.failed, flow.tally.done) == (1, 1, 1)


def test_what_was_unanswered_at_the_first_fault_belongs_to_its_era() -> None:
    flow = Flow(0, "web", ["orders"], 7, ["web"], GRID)
    ledger = Ledger([flow])
    early, slow = (ledger.offer(flow, n, 7, 0, DEADLINE) for n in (1, 2))
    ledger.complete(early, Reach([0], 0, 1), 5)
    ledger.answer(early, YES, 0, 5)
    flow.mark()
    ledger.baseline(10)
    ledger.answer(slow, ERROR, BROKE, 20)
    before, after = flow.tallies
    assert (before.offered, before.served, after.offered, after.failed) == (1, 1, 1, 1)
    check_sum(before)
    check_sum(after)


def test_the_oldest_that_waits() -> None:
    flow = Flow(0, "web", ["orders"], 7, ["web"], GRID)
    ledger = Ledger([flow])
    reach = Reach([0], 0, 1)
    messages = [ledger.offer(flow, n, 7, n * GRID, 10**12) for n in range(5)]
    for m in messages:
        ledger.hold(m, reach)
        ledger.answer(m, YES, 0, m.born)
    assert flow.oldest_ns(10 * GRID) == 10 * GRID
    ledger.complete(messages[0], reach, 5 * GRID)
    ledger.complete(messages[2], reach, 5 * GRID)
    assert flow.oldest_ns(10 * GRID) == 9 * GRID
    for n in (1, 3, 4):
        ledger.complete(messages[n], reach, 5 * GRID)
    assert (flow.oldest_ns(10 * GRID), flow.waiting) == (0, 0)


def test_a_flow_of_as_many_parts_as_there_may_be() -> None:
    parts = [f"n{p}" for p in range(60)]
    flow = Flow(0, "web", parts, 7, ["web"], GRID)
    ledger = Ledger([flow])
    message = ledger.offer(flow, 1, 7, 0, DEADLINE)
    reaches = [Reach([p], p, 1 << p) for p in range(60)]
    for reach in reaches:
        ledger.hold(message, reach)
    ledger.answer(message, YES, 0, 5)
    for p, reach in enumerate(reaches):
        assert flow.tally.waiting == 1, p
        ledger.complete(message, reach, 10)
        ledger.release(message, reach, 0, 10)
    assert (flow.tally.served, flow.tally.done, flow.tally.duplicates) == (1, 1, 0)
    assert ledger.idle()


def test_of_many_parts_each_is_lost_by_itself() -> None:
    flow = Flow(0, "web", [f"n{p}" for p in range(60)], 7, ["web"], GRID)
    ledger = Ledger([flow])
    for lost in (0, 30, 31, 32, 33, 45, 59):
        message = ledger.offer(flow, lost, 7, 0, DEADLINE)
        reaches = [Reach([p], p, 1 << p) for p in range(60)]
        for reach in reaches:
            ledger.hold(message, reach)
        ledger.answer(message, YES, 0, 5)
        for p, reach in enumerate(reaches):
            if p != lost:
                ledger.complete(message, reach, 10)
            ledger.release(message, reach, BROKE, 10)
        assert message.lost == 1 << lost
    assert flow.tally.lost == 7


# A slow bookkeeper, with sets and no counters, that reads each fate from the definitions


class Slow:
    """One message: who holds what, what is done, buried and told."""

    def __init__(self, parts: frozenset[int]) -> None:
        self.parts = parts
        self.live: dict[int, frozenset[int]] = {}
        self.dead: dict[int, frozenset[int]] = {}
        self.done: set[int] = set()
        self.told = ""

    def fate(self) -> str:
        if self.told in ("", "refused", "failed"):
            return self.told or "unanswered"
        open_parts = self.parts - self.done
        held = frozenset[int]().union(*self.live.values())
        buried = frozenset[int]().union(*self.dead.values())
        if open_parts - held - buried:
            return "lost"
        if open_parts - held:
            return "dead_lettered"
        if open_parts:
            return "waiting"
        return "late" if self.told == "late" else "served"

    def half(self) -> bool:
        if self.told in ("", "refused", "failed"):
            return bool(self.told and self.done and self.done != self.parts and not self.live)
        return bool(self.done) and self.fate() == "lost"


class Books(RuleBasedStateMachine):
    """Random attempts, completions, dead letters and answers of a few messages, kept twice."""

    parts = 3

    def __init__(self) -> None:
        super().__init__()
        self.flow = Flow(0, "web", [f"n{p}" for p in range(self.parts)], 7, ["web"], GRID)
        self.ledger = Ledger([self.flow])
        self.messages: list[Message] = []
        self.slow: list[Slow] = []
        self.reaches: dict[int, Reach] = {}
        self.next = 0
        self.now = 0

    def some(self, data: st.DataObject, kind: str) -> tuple[int, int] | None:
        """A message and one of its live or dead holds."""
        found = [(i, h) for i, s in enumerate(self.slow) for h in getattr(s, kind)]
        return data.draw(st.sampled_from(found)) if found else None

    @rule()
    def offer(self) -> None:
        self.messages.append(self.ledger.offer(self.flow, len(self.messages), 7, self.now, self.now + 3))
        self.slow.append(Slow(frozenset(range(self.parts))))

    @rule(by=st.integers(0, 3))
    def time_goes_on(self, by: int) -> None:
        self.now += by

    @precondition(lambda self: self.messages)
    @rule(data=st.data(), parts=st.sets(st.integers(0, 2)), part=st.integers(-1, 2), link=st.integers(0, 5))
    def hold(self, data: st.DataObject, parts: set[int], part: int, link: int) -> None:
        i = data.draw(st.sampled_from(range(len(self.messages))))
        parts = {p for p in parts if p < self.parts}
        part = -1 if part >= self.parts else part
        slow = self.slow[i]
        held = set[int]().union(*slow.live.values()) if slow.told else set(range(self.parts))
        parts &= held  # an attempt is only ever made by something that itself still holds the parts
        parts |= {part} if part in held else set()
        own = part if part in parts else -1
        self.next += 1
        self.reaches[self.next] = Reach(sorted(parts), own, 1 << link if own >= 0 else 0)
        slow.live[self.next] = frozenset(parts)
        self.ledger.hold(self.messages[i], self.reaches[self.next])

    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        if found := self.some(data, "live"):
            i, h = found
            del self.slow[i].live[h]
            self.ledger.release(self.messages[i], self.reaches[h], BROKE, self.now)

    @rule(data=st.data())
    def complete(self, data: st.DataObject) -> None:
        if found := self.some(data, "live"):
            i, h = found
            if self.reaches[h].part >= 0:
                self.slow[i].done.add(int(self.reaches[h].part))
            self.ledger.complete(self.messages[i], self.reaches[h], self.now)

    @rule(data=st.data())
    def bury(self, data: st.DataObject) -> None:
        if found := self.some(data, "live"):
            i, h = found
            self.slow[i].dead[h] = self.slow[i].live.pop(h)
            self.ledger.dead_letter(self.messages[i], self.reaches[h], TOO_OFTEN, self.now)

    @rule(data=st.data())
    def redrive(self, data: st.DataObject) -> None:
        if found := self.some(data, "dead"):
            i, h = found
            self.slow[i].live[h] = self.slow[i].dead.pop(h)
            self.ledger.redrive(self.messages[i], self.reaches[h], self.now)

    @rule(data=st.data())
    def expire(self, data: st.DataObject) -> None:
        if found := self.some(data, "dead"):
            i, h = found
            del self.slow[i].dead[h]
            self.ledger.expire(self.messages[i], self.reaches[h], TOO_OLD, self.now)

    @rule(data=st.data(), outcome=st.sampled_from([YES, YES, REFUSED, ERROR, SILENT]))
    def answer(self, data: st.DataObject, outcome: int) -> None:
        pending = [i for i, s in enumerate(self.slow) if not s.told]
        if pending:
            i = data.draw(st.sampled_from(pending))
            message = self.messages[i]
            in_time = "served" if self.now <= message.deadline else "late"
            self.slow[i].told = {YES: in_time, REFUSED: "refused"}.get(outcome, "failed")
            self.ledger.answer(message, outcome, 0 if outcome == YES else UNROUTED, self.now)

    @invariant()
    def books_agree(self) -> None:
        tally = self.flow.tally
        check_sum(tally)
        fates = [s.fate() for s in self.slow]
        assert {name: getattr(tally, name) for name in FATES} == {name: fates.count(name) for name in FATES}
        assert tally.half_done == sum(s.half() for s in self.slow)
        undone = [s for s in self.slow if s.done == s.parts]
        assert tally.done == len(undone)
        assert tally.done_after_no == sum(s.told in ("refused", "failed") for s in undone)
        assert self.flow.waiting == fates.count("waiting")
        assert self.flow.open == sum(len(s.live) + (not s.told) for s in self.slow)
        assert self.ledger.idle() == (self.flow.open == 0)


class BooksOfOnePart(Books):
    """The same for a flow of one part, whose holds are counted in another way."""

    parts = 1


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestBooksOfOnePart = BooksOfOnePart.TestCase
TestBooksOfOnePart.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_half_done_is_open_again_while_a_dead_letter_is_worked_on() -> None:
    s = begin()
    s.call("orders", TO_ORDERS)
    s.complete("orders")
    s.bury("orders")
    s.answer(ERROR, BROKE)
    assert books(s) == "failed, half_done 1"
    s.call("delivery of the dead letter", DELIVERY)
    assert books(s) == "failed"
    s.end("delivery of the dead letter", BROKE)
    assert books(s) == "failed, half_done 1"
