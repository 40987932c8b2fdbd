"""Windows by figures: which events they hold, when they close, what comes too late, and what an alert is made of."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topology.worlds import MS, S, all_of, check_frame, flow, node, playground, reasons, to_the_end, world
from topology.message import Flow, Message, Reach
from topology.node import Call
from topology.problems import PlaygroundError
from topology.sim.world import SimWorld
from topology.windows import SESSION, SLIDING, TUMBLING, Held, Window, Windows

WEB = "producer, rate: 100/s, arrivals: constant, work: [it]"
FLOW = Flow(0, "web", ["it"], 0, ["web"], 100 * MS)


def held(n: int) -> Held:
    return Held(Call(Message(FLOW, n, n, 0, S), Reach([0], 0, 1), 0, None, 0))


def run(windows: Windows, events: list[int], disorder: int = 0) -> tuple[list[tuple[int, int, int]], list[int]]:
    """(start, end, events) of each window in the order in which they closed, and the events that came too late."""
    closed, late = [], []
    for n, at in enumerate(events):
        if not windows.add(0, at, 1.0, held(n)):
            late.append(at)
        windows.watermark = max(windows.watermark, at - disorder)
        closed += drained(windows)
    windows.watermark = 1 << 60
    return closed + drained(windows), late


def drained(windows: Windows) -> list[tuple[int, int, int]]:
    found = []
    while (window := windows.due()) is not None:
        if window.gone:
            found.append((window.start, window.end, len(window.held)))
    return found


def test_tumbling() -> None:
    closed, late = run(Windows(TUMBLING, 10, 10, 0), [1, 5, 9, 10, 25, 9])
    assert (closed, late) == ([(0, 10, 3), (10, 20, 1), (20, 30, 1)], [9])


def test_sliding() -> None:
    closed, _ = run(Windows(SLIDING, 10, 5, 0), [7, 12])
    assert closed == [(0, 10, 1), (5, 15, 2), (10, 20, 1)]


def test_sessions_end_with_a_gap_and_are_joined_by_what_comes_between() -> None:
    assert run(Windows(SESSION, 10, 10, 0), [0, 5, 14, 30])[0] == [(0, 24, 3), (30, 40, 1)]
    assert run(Windows(SESSION, 10, 10, 0), [0, 19, 9], disorder=20)[0] == [(0, 29, 3)]


def test_lateness_keeps_a_window_open() -> None:
    closed, late = run(Windows(TUMBLING, 10, 10, 5), [1, 14, 9, 15, 8])
    assert (closed, late) == ([(0, 10, 2), (10, 20, 2)], [8])


def test_disorder_holds_the_watermark_back() -> None:
    closed, late = run(Windows(TUMBLING, 10, 10, 0), [1, 14, 9, 20, 8], disorder=5)
    assert (closed[0], late) == ((0, 10, 2), [8])


@pytest.mark.parametrize(("measure", "figure"), [("count", 3), ("sum", 6), ("mean", 2), ("min", -1), ("max", 5)])
def test_what_values_amount_to(measure: str, figure: float) -> None:
    window = Window(0, 0, 10)
    for n, value in enumerate([2.0, -1.0, 5.0]):
        window.add(held(n), value)
    assert window.figure(measure) == figure


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([(TUMBLING, 10, 10), (SLIDING, 10, 3), (SESSION, 7, 7)]), st.lists(st.integers(0, 200)), st.integers(0, 30)
)
def test_every_event_is_in_its_windows_or_late(sort: tuple[str, int, int], events: list[int], lateness: int) -> None:
    windows = Windows(*sort, lateness)
    all_held = [held(n) for n in range(len(events))]
    late = 0
    left = [0] * len(events)
    for one, at in zip(all_held, events, strict=True):
        late += not windows.add(0, at, 1.0, one)
        windows.watermark = max(windows.watermark, at)
        left[one.call.message.n] = one.windows
    windows.watermark = 1 << 60
    closed: list[Window] = []
    while (window := windows.due()) is not None:
        closed += [window] * window.gone
    assert windows.open == 0
    assert sum(len(window.held) for window in closed) == sum(one.windows for one in all_held)
    assert late == sum(one.windows == 0 for one in all_held)
    for window in closed:
        assert all(window.start <= events[h.call.message.n] < window.end for h in window.held)


# In the world


def made(said: str, web: str = WEB, links: tuple[str, ...] = ("s => it",), **more: str) -> SimWorld:
    nodes = {"web": web, "s": "kinesis, shards: 2", "it": f"stream_processor, {said}", **more}
    return world(nodes, ["web => s", *links])


def test_its_inputs_are_done_when_their_window_closes() -> None:
    one = made("size: 10s, by: one")
    one.advance(10 * S)
    assert flow(one).done == 0
    one.advance(13 * S)
    assert (flow(one).done, node(one, "it").depth > 100) == (999, True)
    check_frame(one)
    found = to_the_end(one)
    assert (found.served, found.offered, node(one, "it").depth) == (1299, 1299, 0)


def test_a_crash_delays_and_loses_nothing() -> None:
    one = made("size: 10s")
    one.advance(15 * S)
    handle = one.kill(all_of(one, "it"))
    one.advance(60 * S)
    check_frame(one)
    one.lift(handle)
    found = to_the_end(one)
    assert (found.lost, found.done) == (0, found.offered)


def test_late_data_is_dropped_with_its_reason() -> None:
    """Half of the events come 20 s later than the others."""
    nodes = {
        "web": "producer, rate: 10/s, arrivals: constant, work: [it]",
        "old": "producer, rate: 10/s, arrivals: constant, work: [it]",
        "slow": "sqs, delay: 20s", "fast": "sqs", "it": "stream_processor, size: 5s, by: one",
    }
    one = world(nodes, ["web => fast", "old => slow", "fast => it", "slow => it"])
    one.advance(60 * S)
    assert flow(one, "web").lost == 0
    assert flow(one, "old").lost == pytest.approx(10 * 40, rel=0.03)
    assert reasons(one, "old") == {"it: late data: its windows were closed": flow(one, "old").lost}
    one.set("it", "disorder", 21 * S)
    lost = flow(one, "old").lost
    one.advance(120 * S)
    assert flow(one, "old").lost - lost < 220
    check_frame(one)


@pytest.mark.parametrize(("said", "alerts"), [
    ("alert: {above: 999}", 5), ("alert: {above: 1000}", 0), ("alert: {below: 1001}", 6), ("alert: {change: 10%}", 1),
    ("alert: {z_score: 3}", 1),
])
def test_rules(said: str, alerts: int) -> None:
    """Six windows of 10 s: five of 1,000 events, of which the first misses one, and one of about 3,000 where there is a surge."""
    one = made(f"size: 10s, by: one, {said}", links=("s => it", "it => pager"), pager="sqs")
    one.advance(50 * S)
    if "change" in said or "z_score" in said:
        one.surge("web", 3.0)
    one.advance(60 * S)
    one.stop()
    one.advance(100 * S)
    found = dict(node(one, "it").gauges)
    assert (found["windows closed"], found["late dropped"], found["alerts"]) == (6, 0, alerts)
    assert node(one, "pager").depth == alerts


def test_an_alert_is_the_message_that_came_last() -> None:
    one = made(
        "size: 10s, by: one, alert: {above: 1}", web="producer, rate: 100/s, arrivals: constant, work: [it]",
        links=("s => it", "it -> pager"), pager="service, takes: 1ms",
    )
    one.advance(100 * S)
    found = to_the_end(one)
    assert node(one, "pager").arrivals == 10
    assert (found.done, found.lost) == (found.offered, 0)
    check_frame(one)


# Alerts as a flow of their own


def alerting(said: str = "size: 10s, by: one, alert: {above: 1}") -> SimWorld:
    return made(said, links=("s => it", "it -> pager"), pager="service, takes: 1ms")


def test_an_alert_is_a_new_message_of_a_flow_named_after_the_processor() -> None:
    one = alerting()
    one.advance(96 * S)
    found = flow(one, "it")
    assert (found.offered, found.served, found.done, found.attempts, found.inside) == (9, 9, 9, 9, True)
    assert found.latency_p99_ns == pytest.approx(MS, rel=0.02)
    assert not flow(one).inside
    check_frame(one)


def test_alerts_are_not_counted_as_what_comes_to_the_processor() -> None:
    one = alerting("size: 100ms, by: one, alert: {above: 1}")
    one.advance(95 * S)
    assert flow(one, "it").offered == pytest.approx(945, abs=10)
    assert node(one, "it").arrivals == pytest.approx(9450, abs=50)


def test_what_every_alert_reaches_is_its_work_and_not_that_of_the_inputs() -> None:
    plan = playground(
        {"web": "producer, rate: 1/s", "s": "kinesis", "it": "stream_processor", "log": "sqs", "a": "service", "b": "service"},
        ["web => s => it", "it -> a", "it => log => b"],
    )
    assert [(f.producer, f.work) for f in plan.flows] == [("web", ("it",)), ("it", ("a", "b"))]


def test_a_processor_that_tells_nobody_has_no_flow() -> None:
    one = made("size: 10s, by: one, alert: {above: 1}")
    one.advance(30 * S)
    assert [f.producer for f in one.frame().flows] == ["web"]
    with pytest.raises(PlaygroundError, match="offers nothing"):
        made("size: 10s, work: [it]")


def test_an_alert_that_somebody_is_not_told_is_told_no() -> None:
    """Nobody answers from 15 s on: an alert that is refused, and, where it is silent, those that nobody waits for any more."""
    one = alerting()
    one.advance(15 * S)
    handle = one.kill(all_of(one, "pager"))
    one.advance(25 * S)
    one.lift(handle)
    assert (flow(one, "it").refused, reasons(one, "it")) == (1, {"pager: connection refused": 1})
    one.kill(all_of(one, "pager"), silent=True)
    one.advance(41 * S)
    found = flow(one, "it")
    assert (found.served, found.refused, found.failed, found.unanswered) == (1, 1, 1, 1)
    assert dict(node(one, "it").gauges)["alerts that failed"] == 2
    assert flow(one).lost == 0
    check_frame(one)


def test_an_alert_goes_to_all_and_is_told_yes_when_all_say_so() -> None:
    nodes = {"pager": "service, takes: 1ms", "log": "service, takes: 2s"}
    one = made("size: 10s, by: one, alert: {above: 1}", links=("s => it", "it -> pager", "it -> log"), **nodes)
    one.advance(96 * S)
    found = flow(one, "it")
    assert (found.served, found.attempts, found.done) == (9, 18, 9)
    assert found.latency_p50_ns == pytest.approx(2 * S, rel=0.02)
    one.kill(all_of(one, "pager"))
    one.advance(104 * S)
    found = flow(one, "it")
    assert (found.offered, found.failed, found.half_done, node(one, "log").arrivals) == (10, 1, 1, 10)
    check_frame(one)


def test_values_come_from_an_attribute() -> None:
    mix = "{hot: {weight: 1, attributes: {degrees: 90}}, cold: {weight: 9, attributes: {degrees: 20}}}"
    web = f"producer, rate: 10/s, work: [it], mix: {mix}"
    one = made("size: 1s, by: one, value: degrees, measure: max, alert: {above: 80}", web)
    one.advance(100 * S)
    assert dict(node(one, "it").gauges)["alerts"] == pytest.approx(100 * (1 - 0.9**10), rel=0.15)


def test_windows_of_the_clock_go_wrong_with_it() -> None:
    """A clock that was an hour ahead closes all windows: what comes after it was put right is late."""
    one = made("size: 10s, by: one, time: arrival")
    one.advance(30 * S)
    assert flow(one).lost == 0
    handle = one.lay("skew", all_of(one, "it"), {"by": 3600 * S})
    one.advance(40 * S)
    one.lift(handle)
    one.advance(60 * S)
    assert flow(one).lost == pytest.approx(2000, rel=0.1)


@pytest.mark.parametrize(
    "said", ["window: sliding", "slide: 1s", "window: sliding, size: 1s, slide: 2s", "window: sliding, slide: 1ms"]
)
def test_settings_that_do_not_fit(said: str) -> None:
    with pytest.raises(PlaygroundError, match="slide"):
        made(said)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(st.data())
def test_all_adds_up(data: st.DataObject) -> None:
    said = data.draw(st.sampled_from([
        "window: sliding, size: 10s, slide: 2s", "window: session, size: 200ms", "size: 3s, lateness: 2s, disorder: 1s",
        "size: 3s, time: arrival", "size: 2s, fails: 10%",
    ]))
    web = "producer, rate: 40/s, keys: {count: 10}, work: [it]"
    pager = "service, slots: 1, takes: 50ms, fails: 10%"
    one = made(f"{said}, alert: {{above: 5}}", web, ("s => it", "it -> pager"), pager=pager)
    for _ in range(3):
        one.advance(one.now + data.draw(st.integers(1, 10)) * S)
        handle = one.kill(all_of(one, data.draw(st.sampled_from(["it", "s", "pager"]))))
        one.advance(one.now + data.draw(st.integers(1, 20)) * S)
        check_frame(one)
        one.lift(handle)
    found = to_the_end(one, 3600)
    check_frame(one)
    alerts = flow(one, "it")
    assert (found.in_system, node(one, "it").depth) == (0, 0)
    assert (alerts.in_system, alerts.offered) == (0, dict(node(one, "it").gauges)["alerts"])
    assert node(one, "pager").arrivals <= alerts.attempts
