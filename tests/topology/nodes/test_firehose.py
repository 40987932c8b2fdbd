"""A delivery stream by figures: when a batch goes out, what it holds, and what becomes of it when it cannot be delivered."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topology.worlds import S, all_of, check_frame, flow, link, node, reasons, to_the_end, world
from topology.nodes.firehose import Firehose
from topology.problems import PlaygroundError
from topology.sim.world import SimWorld

WEB = "producer, rate: 100/s, arrivals: constant, work: [store]"


def made(said: str = "", store: str = "service, slots: 9, takes: 10ms", web: str = WEB, more: str = "") -> SimWorld:
    nodes = {"web": web, "it": f"firehose{said}", "store": store, "backup": "sqs"}
    return world(nodes, ["web => it", f"{{link: it => store{more}}}"])


@pytest.mark.parametrize(("name", "default", "least", "most", "page"), [
    ("buffer_size", "5MiB", "1MiB", "128MiB", "BufferingHints"),
    ("buffer_interval", "300s", "0s", "900s", "BufferingHints"),
    ("retry", "24h", "0s", "24h", "Handle data delivery failures"),
    ("max_size", "1000KiB", "1KiB", "1000KiB", "Amazon Data Firehose quota"),
    ("records", 100_000, 1, 500_000, "Amazon Data Firehose quota"),
])
def test_documented_defaults_and_bounds(name: str, default: object, least: object, most: object, page: str) -> None:
    param = Firehose.params[name]
    assert (param.default, param.ge, param.le) == (default, least, most)
    assert param.source.endswith(page)


def test_a_batch_goes_out_when_its_first_record_is_old_enough() -> None:
    """BufferingHints: 300 seconds."""
    one = made(web=WEB.replace("100/s", "10/s"))
    one.advance(300 * S)
    assert (link(one, "it => store").attempts, flow(one).done, node(one, "it").depth) == (0, 0, 2999)
    one.advance(301 * S)
    assert (link(one, "it => store").attempts, node(one, "store").arrivals) == (1, 1)
    assert flow(one).done == pytest.approx(3000, abs=1)
    check_frame(one)


def test_or_when_it_has_so_many_bytes() -> None:
    """BufferingHints: 5 MiB, which are 5,120 records of 1 KiB."""
    one = made()
    one.advance(52 * S)
    assert (link(one, "it => store").attempts, flow(one).done, node(one, "it").depth) == (1, 5120, 79)


def test_done_are_all_records_of_a_delivered_batch() -> None:
    one = made(", buffer_interval: 10s")
    one.advance(100 * S)
    found = to_the_end(one)
    assert (found.served, found.offered, found.duplicates) == (9999, 9999, 0)
    assert node(one, "store").arrivals == 10


def test_a_store_takes_one_object() -> None:
    nodes = {"web": "producer, rate: 100/s, arrivals: constant", "it": "firehose, buffer_interval: 10s", "bucket": "s3"}
    one = world(nodes, ["web => it => bucket"])
    one.advance(100 * S)
    assert to_the_end(one).served == 9999
    assert node(one, "bucket").arrivals == 10


def test_what_fails_is_tried_again() -> None:
    one = made(", buffer_interval: 10s")
    handle = one.kill(all_of(one, "store"))
    one.advance(100 * S)
    assert (flow(one).lost, flow(one).done) == (0, 0)
    one.lift(handle)
    found = to_the_end(one)
    assert (found.lost, found.done) == (0, found.offered)


@pytest.mark.parametrize(("said", "fate", "why"), [
    ("", "lost", "it: not delivered within its retry time, no backup"),
    (", dead_letter: backup", "dead_lettered", "it: not delivered within its retry time"),
])
def test_after_its_retry_time_a_batch_goes_to_the_backup(said: str, fate: str, why: str) -> None:
    one = made(f", buffer_interval: 10s, retry: 60s{said}")
    one.kill(all_of(one, "store"))
    one.advance(100 * S)
    found = to_the_end(one)
    assert getattr(found, fate) == found.offered
    assert reasons(one)[why] == found.offered
    assert node(one, "backup").depth == (found.offered if said else 0)
    check_frame(one)


def test_more_than_its_limit_is_refused() -> None:
    one = made(", records: 50")
    one.advance(10 * S)
    assert flow(one).refused == pytest.approx(500, abs=1)


def test_while_it_is_down_nothing_is_delivered() -> None:
    one = made(", buffer_interval: 10s")
    one.advance(5 * S)
    handle = one.kill(all_of(one, "it"))
    one.advance(60 * S)
    assert flow(one).done == 0
    one.lift(handle)
    one.advance(61 * S)
    assert flow(one).done == 499


def test_it_has_one_destination() -> None:
    nodes = {"web": "producer", "it": "firehose", "store": "service", "other": "service"}
    with pytest.raises(PlaygroundError, match="one destination, not 2"):
        world(nodes, ["web => it", "it => store", "it => other"])


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(st.data())
def test_all_adds_up(data: st.DataObject) -> None:
    said = data.draw(st.sampled_from(["", ", dead_letter: backup", ", retry: 0s, dead_letter: backup"]))
    one = made(f", buffer_interval: 3s{said}", "service, slots: 1, takes: 50ms, fails: 30%")
    for _ in range(3):
        one.advance(one.now + data.draw(st.integers(1, 10)) * S)
        handle = one.kill(all_of(one, data.draw(st.sampled_from(["it", "store"]))))
        one.advance(one.now + data.draw(st.integers(1, 30)) * S)
        check_frame(one)
        one.lift(handle)
    found = to_the_end(one, 100_000)
    check_frame(one)
    assert (found.in_system, node(one, "it").depth) == (0, 0)
