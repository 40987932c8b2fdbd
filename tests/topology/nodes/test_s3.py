"""Buckets: uploads, their limits, and the notifications that they set off."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topology.worlds import MS, S, all_of, check_frame, flow, link, node, playground, reasons, to_the_end, world
from topology.problems import PlaygroundError
from topology.sim.world import SimWorld

HOUR = 3_600 * S
AT_ONCE = "takes: 0s, notifies: 0s"
SORTS = (
    "{photo: {weight: 1, attributes: {key: photos/cat.jpg}}, film: {weight: 1, attributes: {key: films/dog.mp4}}, "
    "gone: {weight: 1, attributes: {key: photos/old.jpg, event: 'ObjectRemoved:Delete'}}}"
)


def constant(rate: float, more: str = "") -> str:
    """A producer with even gaps."""
    return f"producer, rate: {rate}/s, arrivals: constant, deadline: 1h{more}"


def bucket(s3: str, rate: float = 10, told: str = "", mix: str = "", target: str = "sqs") -> SimWorld:
    """A bucket that tells a queue."""
    nodes = {"web": constant(rate, f", mix: {mix}" if mix else ""), "b": f"s3, {s3}", "q": target}
    return world(nodes, ["web => b", f"{{link: b => q{told}}}"])


def gauge(one: SimWorld, name: str) -> float:
    """A figure of the bucket's own."""
    return dict(node(one, "b").gauges)[name]


def test_an_upload_takes_its_time_and_is_told_of_later() -> None:
    """50 ms to store it, another second until its notification leaves."""
    nodes = {"web": constant(10), "b": "s3, takes: 50ms, notifies: 1s", "q": "sqs", "app": "service, takes: 10ms"}
    one = world(nodes, ["web => b => q => app"])
    one.advance(20 * S)
    assert flow(one).latency_p99_ns == pytest.approx(50 * MS, rel=0.01)
    assert flow(one).completion_p99_ns == pytest.approx(1_060 * MS, rel=0.01)
    assert node(one, "b").depth == 10
    assert to_the_end(one).served == flow(one).offered


def test_a_prefix_takes_3500_uploads_a_second() -> None:
    """10,000 in a second: a second's worth at first, and as many while it lasts."""
    one = bucket(AT_ONCE, 10_000)
    one.advance(500 * MS)
    assert flow(one).refused == 0
    one.advance(S)
    found = flow(one)
    assert found.offered - found.refused == pytest.approx(2 * 3_500, abs=5)
    assert reasons(one) == {"b: slow down (503): too many uploads to one prefix": found.refused}
    assert gauge(one, "told to slow down") == found.refused
    check_frame(one)


def test_each_prefix_has_a_limit_of_its_own() -> None:
    """30 a second over two prefixes, two thirds of them in photos/: 10 a second each."""
    one = bucket(f"{AT_ONCE}, puts: 10/s", 30, mix=SORTS)
    one.advance(60 * S)
    found = flow(one)
    assert found.refused == pytest.approx(600, rel=0.1)
    assert gauge(one, "prefixes") == 2


@pytest.mark.parametrize(
    ("told", "share"),
    [
        ("", 3),
        (", prefix: photos/", 2),
        (", suffix: .mp4", 1),
        (", prefix: photos/, suffix: .mp4", 0),
        (", events: 's3:ObjectCreated:*'", 2),
        (", events: [ 's3:ObjectRemoved:Delete' ]", 1),
        (", events: [ 's3:ObjectCreated:Put', 's3:ObjectRemoved:*' ]", 3),
        (", prefix: photos/, events: 's3:ObjectCreated:Put'", 1),
    ],
)
def test_filters_let_only_some_pass(told: str, share: int) -> None:
    one = bucket(AT_ONCE, 30, told, SORTS)
    one.advance(60 * S)
    assert node(one, "q").depth == pytest.approx(600 * share, rel=0.1)


def test_what_a_filter_leaves_out_is_not_work_that_every_message_asks_for() -> None:
    nodes = {"web": constant(1), "b": "s3", "q": "sqs", "app": "service", "r": "sqs", "other": "service"}
    made = playground(nodes, ["web => b => q => app", "{link: b => r, prefix: a/}", "r => other"])
    assert made.flows[0].work == ("app",)


def test_a_notification_is_tried_again_until_its_receiver_is_there() -> None:
    one = bucket(AT_ONCE, 10)
    handle = one.kill(all_of(one, "q"))
    one.advance(10 * S)
    assert node(one, "q").depth == 0
    assert gauge(one, "retrying") == pytest.approx(100, abs=2)
    one.stop()
    one.lift(handle)
    one.advance(60 * S)
    assert node(one, "q").depth == flow(one).offered
    assert gauge(one, "retrying") == 0
    assert gauge(one, "dropped") == 0


def test_in_the_end_it_is_dropped() -> None:
    """1 + 2 + 4 ... + 512 s make 1,023 s, then every 512 s: about 16 attempts in an hour and a half."""
    nodes = {"web": constant(1), "b": f"s3, {AT_ONCE}, retry_for: 90m", "q": "sqs", "app": "service"}
    one = world(nodes, ["web => b => q => app"])
    one.kill(all_of(one, "q"))
    one.advance(S + MS)
    one.stop()
    one.advance(HOUR)
    assert flow(one).waiting == 1
    one.advance(2 * HOUR)
    assert flow(one).lost == gauge(one, "dropped") == 1
    assert link(one, "b => q").attempts == pytest.approx(18, abs=3)


def test_some_notifications_come_twice() -> None:
    nodes = {"web": constant(100), "b": f"s3, {AT_ONCE}", "q": "sqs", "app": "service, takes: 1ms"}
    one = world(nodes, ["web => b => q => app"])
    handle = one.lay("duplicated", all_of(one, "b"), {"share": 0.2})
    one.advance(20 * S)
    assert flow(one).duplicates == pytest.approx(400, rel=0.15)
    before = flow(one).duplicates
    one.lift(handle)
    one.advance(40 * S)
    assert flow(one).duplicates == before
    check_frame(one)


def test_down_it_refuses_and_keeps_what_it_had_to_tell() -> None:
    one = bucket("takes: 500ms, notifies: 5s", 10)
    one.advance(10 * S + 50 * MS)
    told = node(one, "q").depth
    handle = one.kill(all_of(one, "b"))
    one.advance(30 * S)
    assert node(one, "q").depth == told
    assert node(one, "b").depth == pytest.approx(50, abs=2)
    assert reasons(one)["b: internal error (500)"] == pytest.approx(5, abs=1)
    assert reasons(one)["b: connection refused"] == pytest.approx(200, abs=2)
    one.stop()
    one.lift(handle)
    one.advance(40 * S)
    assert node(one, "q").depth == flow(one).served
    check_frame(one)


def test_it_hands_a_function_its_events() -> None:
    nodes = {"web": constant(10), "b": f"s3, {AT_ONCE}", "fn": "lambda, takes: 100ms, init: 0s"}
    one = world(nodes, ["web => b => fn"])
    one.advance(10 * S)
    assert node(one, "fn").depth == 1
    assert to_the_end(one).served == flow(one).offered


def test_an_event_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(PlaygroundError, match="'s3:ObjectBuilt' is no event; write such as"):
        bucket("", told=", events: [ 's3:ObjectBuilt' ]")


def test_documented_defaults_name_their_page() -> None:
    from topology.registry import kind

    params = kind("s3").params
    assert (params["puts"].default, "optimizing Amazon S3 performance" in params["puts"].source) == ("3500/s", True)
    assert "Amazon S3 Event Notifications" in params["notifies"].source


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    begin=st.integers(0, 80),
    length=st.integers(1, 100),
    who=st.sampled_from(["b", "q", "fn"]),
    twice=st.sampled_from([0.0, 0.5]),
)
def test_nothing_is_lost_or_made_up(seed: int, begin: int, length: int, who: str, twice: float) -> None:
    nodes = {"web": constant(5, f", mix: {SORTS}"), "b": "s3, retry_for: 5s", "q": "sqs", "app": "service", "fn": "lambda"}
    one = world(nodes, ["web => b => q => app", "{link: b => fn, suffix: .jpg}"], seed)
    if twice:
        one.lay("duplicated", all_of(one, "b"), {"share": twice})
    one.advance(begin * 100 * MS)
    handle = one.kill(all_of(one, who))
    one.advance((begin + length) * 100 * MS)
    check_frame(one)
    one.lift(handle)
    one.advance(25 * S)
    check_frame(one)
    to_the_end(one, 400)
    check_frame(one)
    assert one.idle()
    assert flow(one).in_system == 0


def test_a_bus_hears_of_it_as_of_an_event_of_the_storage() -> None:
    """Amazon S3 User Guide, EventBridge event message structure."""
    pattern = "{source: [aws.s3], detail-type: [Object Created], detail: {bucket: {name: [up]}, object: {key: [{suffix: .jpg}]}}}"
    one = world(
        {
            "web": "producer, rate: 20/s, mix: {a: {attributes: {key: x/a.jpg}}, b: {attributes: {key: x/b.txt}}}, work: [app]",
            "up": "s3",
            "bus": f"eventbridge, rules: {{pictures: {{pattern: {pattern}}}}}",
            "app": "service, takes: 1ms",
        },
        ["web => up => bus", "{link: bus => app, rule: pictures}"],
    )
    one.advance(100 * S)
    found = to_the_end(one)
    assert node(one, "app").arrivals == found.served == pytest.approx(found.offered / 2, rel=0.1)
    assert found.lost == found.offered - found.served


def test_others_get_a_list_of_records() -> None:
    """Amazon S3 User Guide, Event message structure."""
    taken = "{body: {Records: {eventName: ['ObjectCreated:Put'], s3: {object: {key: [x/a.jpg]}}}}}"
    one = world(
        {
            "web": "producer, rate: 20/s, mix: {a: {attributes: {key: x/a.jpg}}, b: {attributes: {key: x/b.txt}}}, work: [app]",
            "up": "s3",
            "jobs": "sqs",
            "pick": f"pipe, filter: {taken}",
            "out": "sqs",
            "app": "service, takes: 1ms",
        },
        ["web => up => jobs => pick => out => app"],
    )
    one.advance(100 * S)
    found = to_the_end(one)
    assert found.served == pytest.approx(found.offered / 2, rel=0.1)
