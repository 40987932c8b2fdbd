"""What a standard queue does beside keeping and delivering: delay, limits, purge, fair queues, layers; and that all adds up."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topology.nodes.lone_queue import Alone, S, accepted, numbers
from tests.topology.worlds import all_of, check_frame, flow, node, reasons, to_the_end, world
from topology.links import LINK_PARAMS
from topology.message import lasts
from topology.nodes.sqs import Entry, Sqs
from topology.sim.world import SimWorld


@pytest.mark.parametrize(("name", "default", "least", "most", "page"), [
    ("visibility", "30s", "0s", "12h", "Configuring queue parameters"),
    ("retention", "4d", "60s", "14d", "Amazon SQS message quotas"),
    ("delay", "0s", "0s", "15m", "Amazon SQS delay queues"),
    ("max_size", "1MiB", "1KiB", "1MiB", "Amazon SQS message quotas"),
    ("in_flight", 120_000, 1, 120_000, "Amazon SQS visibility timeout"),
    ("redrive_rate", 500, 1, 500, "StartMessageMoveTask"),
])
def test_documented_defaults_and_bounds(name: str, default: object, least: object, most: object, page: str) -> None:
    param = Sqs.params[name]
    assert (param.default, param.ge, param.le) == (default, least, most)
    assert param.source.endswith(page)


def test_a_receive_takes_up_to_ten_and_waits_up_to_twenty_seconds() -> None:
    """SQS API Reference, ReceiveMessage, and Amazon SQS short and long polling."""
    assert (LINK_PARAMS["batch"].ge, LINK_PARAMS["batch"].le) == (1, 10)
    assert (LINK_PARAMS["wait"].default, LINK_PARAMS["wait"].le) == ("20s", "20s")


def test_after_so_many_receives_it_is_a_dead_letter() -> None:
    """Using dead-letter queues: maxReceiveCount is 1 to 1,000."""
    after = Sqs.params["dead_letter"].fields["after"]
    assert (after.ge, after.le) == (1, 1000)
    q = Alone(visibility="1s", dead_letter={"to": "dlq", "after": 3})
    q.send(0)
    got = [len(q.receive()) for _ in range(5) if q.tick(S) is None]
    assert (got, q.fates) == ([1, 1, 1, 0, 0], {0: "dead"})


def test_a_message_that_is_too_long_is_refused_for_good() -> None:
    q = Alone()
    assert accepted(q.send(0, size=1_048_576))
    call = q.send(1, size=1_048_577)
    assert not accepted(call)
    assert lasts(call.reason)
    assert q.queue.depth() == 1


def test_what_is_delayed_is_neither_visible_nor_in_flight() -> None:
    q = Alone(delay="15m")
    q.send(0)
    figures = q.queue.gauges(q)
    assert (figures["visible"], figures["in flight"], figures["delayed"], q.queue.depth()) == (0, 0, 1, 1)
    q.tick(900 * S - 1)
    assert q.receive() == []
    waiting = q.ask(1, 20 * S)
    q.tick(1)
    assert numbers(waiting.calls) == [0]
    assert q.queue.gauges(q)["delayed"] == 0


def test_a_changed_delay_of_a_standard_queue_is_for_what_comes() -> None:
    """Amazon SQS delay queues: of a standard queue the setting is not retroactive."""
    q = Alone(delay="10s")
    q.send(0)
    q.set(delay="1s")
    q.send(1)
    q.tick(9 * S)
    assert numbers(q.receive(10)) == [1]
    q.tick(S)
    assert numbers(q.receive(10)) == [0]


def test_retention_runs_while_a_message_is_delayed() -> None:
    q = Alone(delay="15m", retention="60s")
    q.send(0)
    q.tick(60 * S)
    assert (q.fates, q.queue.depth(), q.queue.gauges(q)["delayed"]) == ({0: "lost"}, 0, 0)
    q.tick(900 * S)
    assert q.receive() == []


def test_at_the_limit_in_flight_only_a_short_poll_fails() -> None:
    """Amazon SQS visibility timeout: OverLimit for short polling, no error for long polling."""
    q = Alone(in_flight=1)
    q.send(0)
    q.send(1)
    held = q.receive()
    assert q.ask().refused
    waiting = q.ask(1, 5 * S)
    q.tick(5 * S)
    assert (waiting.answered, waiting.refused, waiting.calls) == (True, False, [])
    waiting = q.ask(1, 5 * S)
    q.delete(held[0])
    assert numbers(waiting.calls) == [1]


# PurgeQueue


def test_a_purge_deletes_everything_and_not_twice_in_a_minute() -> None:
    """SQS API Reference, PurgeQueue: in-flight messages too; one more within 60 s fails."""
    q = Alone(delay="2s")
    for n in range(2):
        q.send(n)
    q.tick(2 * S)
    call = q.receive()[0]
    q.send(2)
    q.queue.on_flush(q)
    assert q.fates == {0: "lost", 1: "lost", 2: "lost"}
    assert set(q.queue.gauges(q).values()) == {0}
    q.delete(call)
    q.send(3)
    q.tick(60 * S - 1)
    q.queue.on_flush(q)
    assert q.queue.depth() == 1
    q.tick(1)
    q.queue.on_flush(q)
    assert q.queue.depth() == 0
    assert q.notes == [
        "purged: 3 messages deleted", "not purged: it was purged within the last 60 s", "purged: 1 messages deleted"
    ]


def test_a_purged_message_is_lost() -> None:
    one = world({"web": "producer, rate: 10/s, arrivals: constant", "q": "sqs", "app": "service"}, ["web => q", "q => app"])
    one.kill(all_of(one, "app"))
    one.advance(5 * S)
    assert one.takes("flush", all_of(one, "q"))
    one.flush("q")
    assert (flow(one).lost, reasons(one), node(one, "q").depth) == (49, {"q: purged": 49}, 0)
    check_frame(one)


# Amazon SQS fair queues


def busy_tenants(group: str) -> tuple[float, float]:
    """Two tenants; the first sends 10 times what 100 slots can do, the second little: how long each waits, on average."""
    nodes = {
        "loud": "producer, rate: 1000/s, arrivals: constant, tenants: {count: 1, first: 1}",
        "calm": "producer, rate: 5/s, arrivals: constant, tenants: {count: 1, first: 2}",
        "q": f"sqs{group}", "app": "service, slots: 100, takes: 1s",
    }
    one = world(nodes, ["loud => q => app", "calm => q"])
    one.advance(30 * S)
    check_frame(one)
    waits = {f.producer: float(f.completion_p99_ns) / S for f in one.frame().flows}
    return waits["loud"], waits["calm"]


def test_a_noisy_tenant_does_not_keep_the_others_waiting() -> None:
    loud, calm = busy_tenants("")
    assert calm > 20
    assert loud > 20
    fair_loud, fair_calm = busy_tenants(", group: tenant")
    assert fair_calm < 2.1
    assert fair_loud > 20


def test_who_is_noisy_for_the_number_in_flight() -> None:
    """More than 10 % of what is in flight, and at least 30 of them."""
    q = Alone(group="tenant")
    for n in range(40):
        q.send(n, tenant=1)
    q.receive(10), q.receive(10), q.receive(9)
    assert q.queue.gauges(q)["noisy tenants"] == 0
    q.receive()
    assert q.queue.gauges(q)["noisy tenants"] == 1
    assert q.queue.views(q) == {"noisy tenant 1": {"waiting": 10, "in flight": 30}}
    q.send(50, tenant=2)
    q.send(51, tenant=3)
    assert numbers(q.receive(3)) == [50, 51, 30]


def test_a_tenant_whose_backlog_is_worked_off_is_as_any_other() -> None:
    q = Alone(group="tenant")
    for n in range(31):
        q.send(n, tenant=1)
    calls = [q.receive()[0] for _ in range(30)]
    assert q.queue.gauges(q)["noisy tenants"] == 1
    calls += q.receive()
    assert q.queue.gauges(q)["noisy tenants"] == 0
    for call in calls:
        q.delete(call)
    q.send(60, tenant=1)
    q.send(61, tenant=2)
    assert numbers(q.receive(2)) == [60, 61]


def test_a_tenant_that_takes_most_of_the_processing_time_is_noisy() -> None:
    q = Alone(group="tenant", visibility="1m")
    q.send(0, tenant=1)
    q.send(1, tenant=1)
    q.send(2, tenant=2)
    first = q.receive()
    q.tick(30 * S)
    q.delete(first[0])
    assert q.queue.gauges(q)["noisy tenants"] == 1
    assert numbers(q.receive(2)) == [2, 1]


def test_of_two_noisy_tenants_the_one_with_fewer_in_flight_comes_first() -> None:
    q = Alone(group="tenant")
    for n in range(100):
        q.send(n, tenant=1)
    for n in range(100, 200):
        q.send(n, tenant=2)
    got = [call.message.tenant for _ in range(12) for call in q.receive(10)]
    assert abs(got[:80].count(1) - got[:80].count(2)) <= 20
    assert got[70:80].count(1) == 5


def test_silence_of_five_minutes_makes_a_tenant_quiet() -> None:
    q = Alone(group="tenant", visibility="12h")
    for n in range(40):
        q.send(n, tenant=1)
    for _ in range(31):
        q.receive()
    q.tick(300 * S)
    q.send(70, tenant=2)
    assert numbers(q.receive()) == [31]


@given(st.lists(st.tuples(st.sampled_from("srdgt"), st.integers(0, 50)), max_size=120))
@settings(max_examples=100, deadline=None)
def test_a_fair_queue_delivers_everything(script: list[tuple[str, int]]) -> None:
    q = Alone(group="tenant", visibility="10s")
    sent, held = 0, []
    for what, number in script:
        if what == "s":
            for _ in range(number):
                q.send(sent, tenant=number % 4)
                sent += 1
        elif what == "r":
            held += q.receive(number % 10 + 1)
        elif what in "dg" and held:
            call = held.pop(number % len(held))
            (q.delete if what == "d" else q.give_back)(call)
        else:
            q.tick(number * S)
    q.tick(60 * S)
    while calls := q.receive(10):
        for call in calls:
            q.delete(call)
    assert (len(q.fates), q.queue.depth()) == (sent, 0)


# Layers


def test_what_was_deleted_comes_once_more() -> None:
    q = Alone()
    q.lay(duplicated=1.0)
    q.send(0)
    q.tick(S)
    call = q.receive()[0]
    q.tick(S)
    q.delete(call)
    assert q.fates == {}
    again = q.receive()[0]
    q.tick(S)
    q.delete(again)
    assert (q.fates, q.receive()) == ({0: "deleted"}, [])


@pytest.mark.parametrize("group", ["", ", group: tenant"])
def test_a_share_of_the_messages_is_done_twice(group: str) -> None:
    nodes = {
        "web": "producer, rate: 100/s, arrivals: constant", "dlq": "sqs", "app": "service, takes: 10ms, slots: 20",
        "q": f"sqs, dead_letter: {{to: dlq, after: 1}}{group}",
    }
    one = world(nodes, ["web => q => app"])
    one.advance(S)
    assert one.takes("duplicated", all_of(one, "q"))
    handle = one.lay("duplicated", all_of(one, "q"), {"share": 0.3})
    one.advance(21 * S)
    one.lift(handle)
    found = to_the_end(one)
    assert found.duplicates == pytest.approx(600, rel=0.1)
    assert (found.served, found.dead_lettered, node(one, "q").depth) == (found.offered, 0, 0)


@pytest.mark.parametrize("group", [None, "tenant"])
def test_some_overtake_up_to_ten_others(group: str | None) -> None:
    q = Alone(group=group)
    q.lay(reordered=0.2)
    for n in range(1000):
        q.send(n)
    got = [n for _ in range(100) for n in numbers(q.receive(10))]
    assert sorted(got) == list(range(1000))
    early = [n for at, n in enumerate(got) if n > at + 1]
    assert 100 < len(early) < 260
    assert max(n - at for at, n in enumerate(got)) <= 20
    q.lay(reordered=0.0)
    for n in range(1000, 1100):
        q.send(n)
    assert [n for _ in range(10) for n in numbers(q.receive(10))] == list(range(1000, 1100))


def test_without_its_dead_letter_queue_a_message_keeps_coming() -> None:
    q = Alone(visibility="1s", retention="60s", dead_letter={"to": "dlq", "after": 2})
    q.lay(no_dead_letters=1.0)
    q.send(0)
    got = [len(q.receive()) for _ in range(58) if q.tick(S) is None]
    assert (got, q.fates) == ([1] * 58, {})
    q.tick(2 * S)
    assert q.fates == {0: "lost"}


# Dead letters of others


def test_what_came_from_no_queue_stays_when_the_rest_is_redriven() -> None:
    q = Alone(redrive_rate=1)
    for n, source in enumerate(("", "orders", "", "orders")):
        q.send(n)
        entry = Entry(q.queue.by_age[-1].call, q.now)
        entry.buried, entry.source = True, source
        q.queue.by_age[-1].gone = True
        q.queue.backlog.hide(q.queue.by_age.pop())
        q.queue.on_transfer(q, entry)
    q.raise_again = lambda call: None  # type: ignore[method-assign]
    q.queue.on_redrive(q)
    q.tick(10 * S)
    assert [entry.call.message.n for entry in q.dead] == [1, 3]
    assert (q.queue.depth(), q.queue.unfinished()) == (2, False)
    assert q.notes == ["not redriven: 2 messages that came from no queue"]


def test_a_redrive_waits_while_the_api_is_down() -> None:
    nodes = {
        "web": "producer, rate: 10/s, arrivals: constant", "app": "service, fails: 100%", "dlq": "sqs, redrive_rate: 10",
        "q": "sqs, visibility: 1s, dead_letter: {to: dlq, after: 1}",
    }
    one = world(nodes, ["web => q => app"])
    one.advance(5 * S)
    one.stop()
    one.advance(10 * S)
    one.set("app", "fails", 0.0)
    one.redrive("dlq")
    one.advance(11 * S)
    down = one.kill(all_of(one, "dlq"))
    one.advance(12 * S)
    left = node(one, "dlq").depth
    one.advance(15 * S)
    assert node(one, "dlq").depth == left > 30
    one.lift(down)
    assert to_the_end(one).served == 49
    check_frame(one)


# Conservation


def queues(sort: str) -> SimWorld:
    """A queue with a dead-letter queue, whose consumers fail and crash."""
    nodes = {
        "web": "producer, rate: 20/s, keys: {count: 4}, tenants: {count: 3}, deadline: 5s",
        "q": f"sqs, visibility: 2s, retention: 60s, dead_letter: {{to: dlq, after: 2}}{sort}",
        "dlq": f"sqs, retention: 60s, redrive_rate: 20{sort}",
        "app": "service, slots: 4, takes: {exponential: {mean: 100ms}}, fails: 30%",
    }
    return world(nodes, ["{link: web => q, timeout: 1s, retry: {attempts: 2}}", "{link: q => app, batch: 4, wait: 1s}"])


SORTS = ("", ", fifo: true, group: key", ", fifo: {calls: 5/s, scans: 7}, group: tenant", ", group: tenant", ", delay: 3s")


@given(
    st.sampled_from(SORTS),
    st.lists(st.tuples(
        st.sampled_from(["crash", "flush", "redrive", "fails", "visibility", "silent", *sorted(Sqs.layers)]),
        st.sampled_from(["q", "dlq", "app"]), st.integers(0, 3000),
    ), max_size=8),
)
@settings(max_examples=60, deadline=None)
def test_every_message_has_one_fate_whatever_happens(sort: str, script: list[tuple[str, str, int]]) -> None:
    one = queues(sort)
    handles = []
    for what, name, length in script:
        one.advance(one.now + length * 1_000_000)
        check_frame(one)
        name = "q" if name == "app" and what not in ("crash", "silent") else name
        if what in ("crash", "silent"):
            handles.append(one.kill(all_of(one, name), silent=what == "silent"))
        elif what == "flush":
            one.flush(name)
        elif what == "redrive":
            one.redrive(name)
        elif what == "fails":
            one.set("app", "fails", (length % 10) / 10)
        elif what == "visibility":
            one.set(name, "visibility", length * 1_000_000)
        else:
            handles.append(one.lay(what, all_of(one, name), {"share": 0.5}))
        check_frame(one)
    for handle in handles:
        one.lift(handle)
    found = to_the_end(one, 1000)
    check_frame(one)
    assert found.waiting == found.unanswered == 0
    assert found.offered == found.served + found.late + found.refused + found.failed + found.lost + found.dead_lettered
    assert (node(one, "q").depth, node(one, "q").in_flight) == (0, 0)
