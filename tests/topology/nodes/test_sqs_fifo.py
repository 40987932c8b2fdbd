"""FIFO queues: order in groups, duplicates, limits; figures and sentences are those of the developer guide's pages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topology.nodes.lone_queue import MS, Alone, S, accepted, numbers
from tests.topology.worlds import all_of, check_frame, flow, node, playground, reasons, to_the_end, world
from topology.nodes.sqs import Sqs
from topology.spec.check import warnings

KEYED = {"fifo": True, "group": "key"}


def keyed(**more: Any) -> Alone:
    """A FIFO queue with message groups."""
    return Alone(**(KEYED | more))


# FIFO queue delivery logic in Amazon SQS


def test_while_one_of_a_group_is_in_flight_the_others_of_it_wait() -> None:
    q = keyed()
    for n, key in enumerate((1, 1, 2, 1, 2)):
        q.send(n, key=key)
    first = q.receive()
    assert numbers(first) == [0]
    second = q.receive()
    assert numbers(second) == [2]
    assert q.receive(10) == []
    assert q.queue.gauges(q)["groups in flight"] == 2
    q.delete(second[0])
    assert numbers(q.receive(10)) == [4]
    q.delete(first[0])
    assert numbers(q.receive(10)) == [1, 3]


def test_one_receive_takes_as_many_of_one_group_as_there_are_then_others() -> None:
    q = keyed()
    for n, key in enumerate((1, 2, 1, 2, 1)):
        q.send(n, key=key)
    assert numbers(q.receive(2)) == [0, 2]
    assert numbers(q.receive(10)) == [1, 3]
    q = keyed()
    for n, key in enumerate((1, 2, 1, 2, 1)):
        q.send(n, key=key)
    assert numbers(q.receive(10)) == [0, 2, 4, 1, 3]


@pytest.mark.parametrize("how", ["visibility", "release"])
def test_a_group_goes_on_with_the_message_that_came_back(how: str) -> None:
    q = keyed(visibility="10s")
    for n in range(4):
        q.send(n, key=7)
    got = q.receive(2)
    assert numbers(got) == [0, 1]
    q.tick(S)
    if how == "release":
        q.give_back(got[1])
        assert q.receive(10) == []
        q.give_back(got[0])
    else:
        q.tick(9 * S - 1)
        assert q.receive(10) == []
        q.tick(1)
    assert numbers(q.receive(10)) == [0, 1, 2, 3]


def test_whoever_waits_gets_the_next_of_a_group_when_the_group_is_free() -> None:
    q = keyed()
    q.send(0, key=1)
    q.send(1, key=1)
    held = q.receive()
    waiting = q.ask(10, 20 * S)
    q.tick(S)
    assert not waiting.answered
    q.delete(held[0])
    assert numbers(waiting.calls) == [1]


@pytest.mark.parametrize(("group", "most"), [("one", 1), ("key", 2), ("tenant", 3), ("message", 6)])
def test_what_a_group_is(group: str, most: int) -> None:
    q = Alone(fifo=True, group=group)
    for n in range(6):
        q.send(n, key=n % 2, tenant=n % 3)
    assert len([1 for _ in range(10) if q.receive()]) == most


def test_without_a_group_all_are_one() -> None:
    q = Alone(fifo=True)
    for n in range(3):
        q.send(n, key=n, tenant=n)
    assert (numbers(q.receive()), q.receive()) == ([0], [])


def test_only_the_groups_of_the_first_messages_are_looked_at() -> None:
    """Avoid large message backlogs with the same message group ID: the first 120,000 are scanned; here 3."""
    assert Sqs.params["fifo"].fields["scans"].default == 120_000
    q = keyed(fifo={"scans": 3})
    for n in range(3):
        q.send(n, key=1)
    q.send(3, key=2)
    q.send(4, key=2)
    first = q.receive()
    assert (numbers(first), q.receive()) == ([0], [])
    q.delete(first[0])
    assert numbers(q.receive(1)) == [1]
    assert numbers(q.receive(10)) == [3]
    assert q.receive(10) == []


Step = tuple[str, int, int]
steps = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(0, 3), st.just(0)),
        st.tuples(st.just("receive"), st.integers(1, 10), st.just(0)),
        st.tuples(st.just("delete"), st.integers(0, 20), st.just(0)),
        st.tuples(st.just("back"), st.integers(0, 20), st.just(0)),
        st.tuples(st.just("tick"), st.sampled_from([1, 3, 7, 61]), st.just(0)),
        st.tuples(st.just("delay"), st.sampled_from([0, 2, 9]), st.just(0)),
    ),
    max_size=80,
)


class Witness:
    """Receives from a queue and checks the order of each group."""

    def __init__(self, **said: Any) -> None:
        self.said = KEYED | {"retention": "60s", "visibility": "5s"} | said
        self.q = Alone(**self.said)
        self.sent: list[tuple[int, int]] = []
        self.flying: list[Any] = []

    def step(self, what: str, number: int) -> None:
        """Do one of the things that happen to a queue."""
        if what == "send":
            self.q.send(len(self.sent), key=number)
            self.sent.append((len(self.sent), number))
        elif what == "receive":
            self._receive(number)
        elif what in ("delete", "back") and self.flying:
            call = self.flying.pop(number % len(self.flying))
            (self.q.delete if what == "delete" else self.q.give_back)(call)
        elif what == "tick":
            self.q.tick(number * S // 2)
        elif what == "delay":
            self.said["delay"] = f"{number}s"
            self.q.set(**self.said)

    def locked(self) -> set[int]:
        """The groups of which something is in flight, by the queue's own entries."""
        entries = [e for e in self.q.queue.by_age if not e.gone and e.state == 1]
        return {e.call.message.key for e in entries}

    def _receive(self, most: int) -> None:
        locked = self.locked()
        calls = self.q.receive(most)
        self.flying += calls
        seen: list[int] = []
        for call in calls:
            n, key = call.message.n, call.message.key
            assert key not in locked
            before = [m for m, k in self.sent if k == key and m < n and m not in self.q.fates]
            assert set(before) <= set(seen), (n, before, seen)
            seen.append(n)
        if len(calls) < most:
            kept = [e.call.message for e in self.q.queue.by_age if not e.gone and e.state == 0]
            assert {m.key for m in kept} <= self.locked()


def test_a_delay_that_is_over_at_once_lets_nothing_overtake() -> None:
    """The delay of a FIFO queue is taken away and its group's next message comes, all in one instant."""
    witness = Witness()
    for what, number in (("delay", 2), ("send", 0), ("delay", 0), ("send", 0)):
        witness.step(what, number)
    assert numbers(witness.q.receive(10)) == [0, 1]


@given(steps)
@settings(max_examples=150, deadline=None)
def test_the_order_in_a_group_is_always_kept(script: list[Step]) -> None:
    """Whatever is given back, expires, is late or is deleted: nothing of a group overtakes, and nothing free waits."""
    witness = Witness()
    for what, number, _ in script:
        witness.step(what, number)


@given(steps, st.integers(1, 6))
@settings(max_examples=100, deadline=None)
def test_every_message_is_delivered_until_it_is_deleted_or_too_old(script: list[Step], scans: int) -> None:
    witness = Witness(fifo={"scans": scans}, retention="14d")
    for what, number, _ in script:
        if what != "receive":
            witness.step(what, number)
        else:
            witness.flying += witness.q.receive(number)
    q = witness.q
    q.tick(20 * S)
    got: list[int] = []
    for _ in range(200):
        calls = q.receive(10)
        got += numbers(calls)
        for call in calls:
            q.delete(call)
    assert sorted(q.fates) == list(range(len(witness.sent)))
    assert q.queue.depth() == 0
    for key in range(4):
        mine = [n for n, k in witness.sent if k == key]
        assert [n for n in got if n in mine] == sorted(set(got) & set(mine))


# Amazon SQS FIFO queue key terms: the deduplication interval is 5 minutes, and lasts beyond the deletion


@pytest.mark.parametrize(("after", "again"), [(299, 0), (301, 1)])
def test_a_duplicate_within_five_minutes_is_accepted_and_not_delivered(after: int, again: int) -> None:
    q = keyed()
    call = q.send(0)
    q.delete(q.receive()[0])
    q.tick(after * S)
    assert accepted(q.send(0, call=call))
    q.fates.clear()
    assert len(q.receive()) == again
    assert q.queue.gauges(q)["duplicates dropped"] == 1 - again


def test_a_duplicate_is_not_delivered_while_the_first_is_kept() -> None:
    q = keyed()
    call = q.send(0)
    q.send(0, call=call)
    assert q.queue.depth() == 1
    assert (len(q.receive(10)), q.fates) == (1, {})


def test_sends_with_ids_of_their_own_are_no_duplicates() -> None:
    q = keyed(fifo={"ids": "send"})
    q.send(0, call=q.send(0))
    assert q.queue.depth() == 2


def test_what_was_turned_away_is_no_first_of_duplicates() -> None:
    q = Alone(fifo={"calls": "1/s"})
    q.send(0)
    call = q.send(1)
    assert not accepted(call)
    q.tick(S)
    assert accepted(q.send(1, call=call))
    assert q.queue.depth() == 2


def test_the_memory_of_ids_goes_after_five_minutes() -> None:
    q = keyed(fifo={"batch": 10})
    for n in range(2000):
        q.send(n)
        q.tick(S)
    assert q.queue.sent is not None
    assert len(q.queue.sent.known) == 300
    assert len(q.queue.sent.numbers) < 1000


def test_a_client_that_sends_again_has_its_message_done_once() -> None:
    """Answers take 3 s, the client gives up after 2 s and sends again: a standard queue delivers both."""
    nodes = {"web": "producer, rate: 1/s, arrivals: constant, deadline: 30s", "app": "service, takes: 10ms"}
    links = ["{link: web => q, delay: 1500ms, timeout: 2s, retry: {attempts: 2, backoff: 0s}}", "q => app"]
    done = {}
    for sort in ("sqs", "sqs, fifo: true"):
        one = world(nodes | {"q": sort}, links)
        one.advance(20 * S)
        found = to_the_end(one)
        check_frame(one)
        assert one.idle()
        done[sort] = found.duplicates
        assert found.lost == 0
        assert found.done == found.offered == 19
        assert node(one, "q").depth == 0
    assert done == {"sqs": 19, "sqs, fifo: true": 0}


# Amazon SQS message quotas: 300 calls per second and action, 3,000 messages with batches; high throughput by partition


@pytest.mark.parametrize(("fifo", "limit"), [("true", 300), ("{batch: 10}", 3000)])
def test_sends_beyond_the_rate_are_refused(fifo: str, limit: int) -> None:
    nodes = {
        "web": "producer, rate: 4000/s, arrivals: constant, deadline: 1s",
        "q": f"sqs, fifo: {fifo}, group: message", "app": "service",
    }
    one = world(nodes, ["web => q", "q => app"])
    one.kill(all_of(one, "app"))
    one.advance(5 * S)
    found = flow(one)
    assert found.refused == pytest.approx(5 * 4000 - 6 * limit, rel=0.01)  # a bucket of one second, then the rate
    assert reasons(one) == {"q: too many requests (429)": found.refused}
    assert node(one, "q").depth == found.offered - found.refused
    check_frame(one)


def test_receives_beyond_the_rate_are_refused() -> None:
    q = Alone(fifo=True)
    asked = [q.ask() for _ in range(301)]
    assert [a.refused for a in asked] == [False] * 300 + [True]
    q.tick(10 * MS)
    assert [q.ask().refused for _ in range(4)] == [False] * 3 + [True]
    assert q.queue.gauges(q)["throttled"] == 2


def test_in_high_throughput_mode_each_partition_has_the_rate() -> None:
    q = keyed(fifo={"partitions": 4})
    taken = sum(accepted(q.send(n, key=n)) for n in range(4000))
    assert taken == 4 * 300
    q = keyed(fifo={"partitions": 4})
    assert sum(accepted(q.send(n, key=5)) for n in range(4000)) == 300
    assert sum(not q.ask().refused for _ in range(4000)) == 4 * 300


def test_documented_limits_are_the_default() -> None:
    fields = Sqs.params["fifo"].fields
    found = {name: (p.default, p.le) for name, p in fields.items() if p.type in ("rate", "count")}
    assert found == {
        "calls": ("300/s", "300/s"), "batch": (1, 10), "partitions": (None, 1000), "scans": (120_000, 120_000)
    }
    assert {"quota" in p.source for n, p in fields.items() if n in ("calls", "batch")} == {True}


# Amazon SQS FIFO queue quotas, in flight: no error at the limit


def test_at_the_limit_in_flight_a_receive_is_empty_and_no_error() -> None:
    q = Alone(fifo=True, group="message", in_flight=2)
    for n in range(3):
        q.send(n)
    assert len(q.receive(10)) == 2
    receive = q.ask()
    assert (receive.answered, receive.refused, receive.calls) == (True, False, [])


# Amazon SQS delay queues: of a FIFO queue, a changed delay holds for what is in it, too


def test_a_changed_delay_holds_for_what_is_there() -> None:
    q = keyed(delay="10s")
    q.send(0)
    q.tick(3 * S)
    q.set(**KEYED, delay="4s")
    assert q.receive() == []
    q.tick(S)
    assert numbers(q.receive()) == [0]


# Dead letters


def test_a_dead_letter_queue_of_a_fifo_queue_begins_the_retention_anew() -> None:
    """Setting-up dead-letter queue retention in Amazon SQS: the enqueue timestamp resets."""
    nodes = {
        "web": "producer, rate: 1/s, arrivals: constant",
        "q": "sqs, fifo: true, group: message, visibility: 50s, dead_letter: {to: dlq, after: 1}",
        "dlq": "sqs, fifo: true, retention: 60s", "app": "service, fails: 100%, slots: 100",
    }
    one = world(nodes, ["web => q => app"])
    one.advance(3 * S + 500 * MS)
    one.stop()
    one.advance(100 * S)
    assert (flow(one).dead_lettered, flow(one).lost) == (3, 0)
    assert node(one, "dlq").age_ns == pytest.approx(49 * S, abs=S)
    one.advance(115 * S)
    assert (flow(one).dead_lettered, flow(one).lost) == (0, 3)


def test_a_redrive_of_a_fifo_queue_keeps_its_rate_and_the_order() -> None:
    """StartMessageMoveTask: at most so many a second; what is moved has a new enqueue time."""
    nodes = {
        "web": "producer, rate: 10/s, arrivals: constant, keys: {count: 3}",
        "q": "sqs, fifo: true, group: key, visibility: 1s, retention: 60s, dead_letter: {to: dlq, after: 1}",
        "dlq": "sqs, fifo: true, redrive_rate: 5", "app": "service, fails: 100%, slots: 10",
    }
    one = world(nodes, ["web => q => app"])
    one.advance(5 * S)
    one.stop()
    one.advance(100 * S)
    dead = flow(one).dead_lettered
    assert dead == flow(one).offered == 49
    one.set("app", "fails", 0.0)
    one.redrive("dlq")
    assert dict(node(one, "dlq").gauges)["dead letters to redrive"] == 48
    one.advance(104 * S + 100 * MS)
    assert flow(one).served == 21
    assert dict(node(one, "dlq").gauges)["dead letters redriven"] == 21
    found = to_the_end(one)
    assert (found.served, found.lost) == (49, 0)
    check_frame(one)


def test_a_dead_letter_queue_of_another_sort_is_warned_of() -> None:
    for sort, other, words in (("fifo: true", "", "FIFO"), ("", ", fifo: true", "standard")):
        nodes = {
            "web": "producer, rate: 1/s", "app": "service", "dlq": f"sqs{other}",
            "q": f"sqs, dead_letter: {{to: dlq, after: 3}}{', ' + sort if sort else ''}",
        }
        found = warnings(playground(nodes, ["web => q => app"]))
        assert found == [f"q is a {words} queue and dlq is not: its dead-letter queue must be one, too"]
    nodes = {
        "web": "producer, rate: 1/s", "app": "service", "dlq": "sqs, fifo: true",
        "q": "sqs, fifo: true, dead_letter: {to: dlq, after: 3}",
    }
    assert warnings(playground(nodes, ["web => q => app"])) == []


def test_a_fifo_queue_delivers_once_and_in_order_whatever_lies_on_it() -> None:
    q = keyed()
    q.lay(duplicated=1.0, reordered=1.0)
    for n in range(20):
        q.send(n)
    got = q.receive(10)
    assert numbers(got) == list(range(10))
    for call in got:
        q.delete(call)
    assert numbers(q.receive(10)) == list(range(10, 20))
