"""Batch listeners: what one receive brings shares a slot, is worked on one after the other, and is done together."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topology.worlds import MS, S, all_of, check_frame, flow, node, on_link, reasons, to_the_end, world
from topology.frame import FlowFrame
from topology.nodes.kinesis import Kinesis
from topology.nodes.service import Service
from topology.problems import PlaygroundError
from topology.sim.world import SimWorld

STREAMS = {"kinesis": "shards: 1", "msk": "partitions: 1, acks: '1', linger: 0s"}


def consumed(
    kind: str = "kinesis", words: str = "", app: str = "slots: 1, takes: 1ms", link: str = "batch: 1000", more: str = "",
    web: str = "rate: 100/s, arrivals: constant", seed: int = 1,
) -> SimWorld:
    """A producer, a stream or queue, and a service with a batch listener; `more` is what that calls."""
    keeper = ", ".join(part for part in (kind, STREAMS.get(kind, ""), words) if part)
    nodes = {"web": f"producer, {web}", "log": keeper, "app": f"service, {app}"}
    links = ["web => log", f"{{link: log => app, listener: batch, {link}}}"]
    if more:
        nodes["db"] = f"service, {more}"
        links.append("app -> db")
    return world(nodes, links, seed)


def settled(one: SimWorld) -> FlowFrame:
    """The end, at which everything is done."""
    found = to_the_end(one)
    check_frame(one)
    assert (found.in_system, found.done, found.lost) == (0, found.offered, 0)
    return found


def test_a_batch_takes_one_slot_and_as_long_as_all_of_its_records() -> None:
    """A hundred records come within a second and are read at once: with 5 ms each, the one slot has half a second to do."""
    one = consumed(app="slots: 4, takes: 5ms", web="rate: 100/s, arrivals: constant")
    one.advance(2 * S)
    found = node(one, "app")
    assert found.busy in (0, 1)
    one.advance(11 * S)
    done = flow(one).done
    one.advance(21 * S)
    assert flow(one).done - done == pytest.approx(1000, abs=101)
    app = node(one, "app")
    assert app.busy <= 1
    meter = one.groups["app"].places[0].meter
    meter.close(one.now)
    assert meter.busy_ns / one.now == pytest.approx(0.5, abs=0.06)
    assert meter.service_ns == pytest.approx(meter.busy_ns, rel=0.06)
    assert int(meter.served) == pytest.approx(flow(one).done, abs=101)


def test_all_of_a_batch_are_done_when_its_last_record_is() -> None:
    """One read a second: what it brings is done together, so that the count stands still in between."""
    one = consumed(app="slots: 1, takes: 2ms")
    counts = set()
    while one.now < 10 * S:
        one.advance(one.now + 10 * MS)
        counts.add(flow(one).done)
    assert 9 <= len(counts) <= 11


def test_a_smaller_batch_is_answered_sooner() -> None:
    whole, tens = consumed(app="slots: 1, takes: 2ms"), consumed(app="slots: 1, takes: 2ms", link="batch: 10")
    for one in (whole, tens):
        one.advance(20 * S)
    later, sooner = (one.tallies("web")[0].completion.mean_ns() for one in (whole, tens))
    assert later - sooner == pytest.approx((100 * 2 / 2 - 10 * 2 / 2) * MS, rel=0.15)


@pytest.mark.parametrize("kind", ["kinesis", "msk", "sqs"])
def test_links_that_take_no_time_change_nothing(kind: str) -> None:
    """A batch that steps from record to record, since each calls a database, is as long as one that is a stretch of time."""
    made = [consumed(kind, link="batch: 10", app="slots: 2, takes: {median: 3ms, p99: 20ms}", more=more) for more in
            ("", "slots: 100, takes: 0ms")]
    for one in made:
        one.advance(20 * S)
    plain, stepped = (one.tallies("web")[0] for one in made)
    assert plain.offered == stepped.offered
    assert (plain.completion.count, plain.completion.sum_ns) == pytest.approx(
        (stepped.completion.count, stepped.completion.sum_ns), rel=0.02
    )
    wait, step = (one.groups["app"].places[0].meter for one in made)
    assert (wait.served, wait.service_ns) == pytest.approx((step.served, step.service_ns), rel=0.02)
    for one in made:
        settled(one)


@pytest.mark.parametrize("kind", ["kinesis", "msk"])
@pytest.mark.parametrize("more", ["", "slots: 4, takes: 1ms"])
def test_the_first_that_fails_ends_its_batch_and_comes_again_with_those_behind(kind: str, more: str) -> None:
    one = consumed(kind, app="slots: 2, takes: 1ms, fails: 2%", more=more, link="batch: 20")
    one.advance(20 * S)
    check_frame(one)
    found = settled(one)
    assert found.duplicates == 0
    app = node(one, "app")
    assert sum(app.errors.values() if isinstance(app.errors, dict) else [n for _, n in app.errors]) > found.offered / 100


def test_a_record_that_always_fails_blocks_its_shard_and_nothing_before_it_is_repeated() -> None:
    one = consumed("msk", link="batch: 50, attempts: 3, backoff: 10ms", app="slots: 1, takes: 1ms")
    handle = one.lay("poison", all_of(one, "app"), {"share": 0.05})
    one.advance(30 * S)
    one.lift(handle)
    found = to_the_end(one)
    check_frame(one)
    assert found.duplicates == 0
    assert found.lost == pytest.approx(0.05 * found.offered, rel=0.3)
    assert set(reasons(one)) == {"app: it can never be worked on (poison message)"}
    assert found.done + found.lost == found.offered


def test_without_partial_answers_a_queue_gives_the_failed_ones_again() -> None:
    one = consumed("sqs", "visibility: 2s", link="batch: 10", app="slots: 2, takes: 1ms, fails: 2%", web="rate: 500/s")
    one.advance(10 * S)
    found = settled(one)
    assert found.duplicates == 0
    assert node(one, "log").depth == 0


@pytest.mark.parametrize("kind", ["kinesis", "msk"])
@pytest.mark.parametrize("more", ["", "slots: 8, takes: 1ms"])
def test_a_crash_in_a_batch_repeats_what_was_not_noted(kind: str, more: str) -> None:
    one = consumed(kind, app="slots: 1, takes: 5ms", more=more, link="batch: 100")
    for at in range(3, 30, 5):
        one.advance(at * S + 250 * MS)
        handle = one.kill(all_of(one, "app"))
        one.advance(at * S + 600 * MS)
        check_frame(one)
        one.lift(handle)
    one.advance(60 * S)
    found = settled(one)
    assert found.lost == 0


@given(
    kind=st.sampled_from(["kinesis", "msk", "sqs"]),
    batch=st.integers(1, 10),
    slots=st.integers(1, 4),
    fails=st.sampled_from(["0%", "5%"]),
    more=st.sampled_from(["", "slots: 2, takes: 2ms"]),
    kills=st.lists(st.integers(100, 9_000), max_size=4),
    seed=st.integers(1, 1_000),
)
@settings(max_examples=12, deadline=None)
def test_conservation(kind: str, batch: int, slots: int, fails: str, more: str, kills: list[int], seed: int) -> None:
    one = consumed(
        kind, app=f"replicas: 2, slots: {slots}, takes: {{exponential: {{mean: 3ms}}}}, fails: {fails}", more=more,
        link=f"batch: {batch}", web="rate: 200/s", seed=seed,
    )
    for at in sorted(kills):
        one.advance(max(one.now, at * MS))
        handle = one.kill(all_of(one, "app"))
        check_frame(one)
        one.advance(one.now + 100 * MS)
        one.lift(handle)
        check_frame(one)
    one.advance(10 * S)
    settled(one)


@pytest.mark.parametrize("kind", ["kinesis", "msk", "sqs"])
@pytest.mark.parametrize("trouble", ["cut", "frozen stream", "frozen consumer", "stream down"])
def test_answers_travel_together_and_none_is_lost_on_the_way(kind: str, trouble: str) -> None:
    one = consumed(kind, app="replicas: 2, slots: 2, takes: 2ms", link="batch: 10, delay: 15ms", web="rate: 200/s")
    for at in (3, 6):
        one.advance(at * S + 333 * MS)
        if trouble == "cut":
            handle = one.lay("cut", on_link("log => app"), {"ways": 3})
        elif trouble == "stream down":
            handle = one.kill(all_of(one, "log"))
        else:
            handle = one.freeze(all_of(one, "log" if trouble == "frozen stream" else "app"))
        one.advance(at * S + 900 * MS)
        check_frame(one)
        one.lift(handle)
        check_frame(one)
    one.advance(12 * S)
    one.stop()
    found = to_the_end(one)
    check_frame(one)
    assert (found.in_system, found.lost) == (0, 0)
    assert found.done == found.offered - found.refused - found.failed + found.done_after_no


@pytest.mark.parametrize("kind", ["kinesis", "msk", "sqs"])
def test_slices_of_any_length_give_the_same(kind: str) -> None:
    made = [consumed(kind, app="slots: 2, takes: 2ms, fails: 1%", link="batch: 10", web="rate: 200/s") for _ in range(2)]
    made[0].advance(12 * S)
    while made[1].now < 12 * S:
        made[1].advance(made[1].now + 37 * MS if made[1].now + 37 * MS < 12 * S else 12 * S)
    whole, sliced = made
    assert whole.core.samples_hash() == sliced.core.samples_hash()
    assert whole.frame().flows == sliced.frame().flows


def test_a_stream_keeps_only_what_is_not_processed() -> None:
    """However long it retains: what every application has processed and noted is not kept, nor are numbers of it."""
    one = consumed(words="retention: 7d", link="batch: 100", web="rate: 500/s")
    machine = one.groups["log"].places[0].machine
    assert isinstance(machine, Kinesis)
    for _ in range(20):
        one.advance(one.now + S)
        assert max(len(shard.log) for shard in machine.shards) <= 1_200
        assert max(len(shard.readers[0].ends) for shard in machine.shards) <= 3
    assert flow(one).done > 9_000


def test_fewer_slots_than_batches_asked_for_let_a_batch_wait() -> None:
    one = consumed("kinesis", "", app="slots: 8, takes: 2ms", link="batch: 10", web="rate: 200/s")
    one.advance(3 * S)
    handle = one.lay("slots", all_of(one, "app"), {"share": 0.9})
    one.advance(6 * S)
    assert node(one, "app").busy <= 1
    check_frame(one)
    one.lift(handle)
    settled(one)


def test_only_services_listen_in_batches() -> None:
    assert Service.inlet_params["listener"].default == "single"
    with pytest.raises(PlaygroundError):
        world(
            {"web": "producer, rate: 1/s", "log": "kinesis, shards: 1", "fn": "lambda"},
            ["web => log", "{link: log => fn, listener: batch}"],
        )
