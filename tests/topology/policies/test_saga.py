"""Sagas: what was done before a step failed is taken back."""

from __future__ import annotations

import pytest

from tests.topology.worlds import MS, S, all_of, check_frame, flow, link, node, reasons, to_the_end, world
from topology.sim.world import SimWorld

WEB = "producer, rate: 50/s, arrivals: constant, deadline: 5s"
STEPS = ("stock", "payment", "shipping")


def trip(saga: str = ", saga: {}", links: dict[str, str] | None = None, **nodes: str) -> SimWorld:
    """An order of three steps, one after the other."""
    made = {"web": WEB, "orders": f"service, slots: 200, takes: 0s{saga}"}
    made |= {name: "service, slots: 50, takes: 5ms" for name in STEPS} | nodes
    more = links or {}
    return world(made, ["web -> orders", *[f"{{link: orders -> {name}{more.get(name, '')}}}" for name in STEPS]])


@pytest.mark.parametrize("how", ["fails", "dead"])
def test_the_second_of_three_steps_fails(how: str) -> None:
    """Without a saga stock is taken for an order that was told no; with one it is put back."""
    for saga, half in (("", True), (", saga: {}", False)):
        one = trip(saga, payment="service, slots: 50, takes: 5ms" + (", fails: 100%" if how == "fails" else ""))
        if how == "dead":
            one.kill(all_of(one, "payment"))
        one.advance(10 * S)
        found = to_the_end(one)
        check_frame(one)
        assert found.failed == found.offered
        assert found.half_done == (found.offered if half else 0)
        assert found.done == found.duplicates == 0


def test_a_step_that_was_refused_is_not_taken_back_and_one_that_failed_is() -> None:
    """Refused, it never began; the compensations are one call of stock, and with an error one of payment, too."""
    refused, failed = trip(), trip(payment="service, takes: 5ms, slots: 50, fails: 100%")
    refused.kill(all_of(refused, "payment"))
    for one in (refused, failed):
        one.advance(10 * S)
        to_the_end(one)
    n = flow(refused).offered
    assert link(refused, "orders -> stock").attempts == 2 * n
    assert link(refused, "orders -> payment").attempts == n
    assert link(failed, "orders -> payment").attempts == (1 + 5) * n


def test_a_retry_that_was_refused_hides_an_attempt_that_may_have_been_executed() -> None:
    """The first attempt is silent and executed; the second meets an open breaker. Both steps are taken back."""
    settings = ", timeout: 50ms, retry: {attempts: 2, backoff: 2s, jitter: none}"
    one = trip(links={"payment": settings}, payment="service, slots: 500, takes: 100ms")
    one.advance(1 * S)
    one.stop()
    one.advance(1 * S + 500 * MS)
    one.lift(one.kill(all_of(one, "payment")))
    one.advance(1 * S + 900 * MS)
    handle = one.kill(all_of(one, "payment"))
    one.advance(4 * S)
    one.lift(handle)
    found = to_the_end(one)
    assert found.failed == found.offered
    assert found.half_done == 0


def test_the_effect_ends_with_the_fault() -> None:
    one = trip()
    one.advance(5 * S)
    assert flow(one).served == pytest.approx(250, abs=2)
    handle = one.lay("errors", all_of(one, "payment"), {"share": 1.0})
    one.advance(10 * S)
    one.lift(handle)
    one.advance(12 * S)
    failed = flow(one).failed
    one.advance(20 * S)
    assert flow(one).failed == failed == pytest.approx(250, abs=8)
    found = to_the_end(one)
    assert found.half_done == 0
    assert found.served == found.done == found.offered - failed


@pytest.mark.slow
def test_a_compensation_that_fails_is_tried_again_and_at_last_given_up() -> None:
    """Half of stock's executions fail; what is left is half done with 0.5 ** attempts of those that got so far."""
    left = []
    for attempts in (1, 3, 8):
        one = trip(
            f", saga: {{attempts: {attempts}, backoff: 10ms}}", stock="service, slots: 90, takes: 5ms, fails: 50%",
            payment="service, slots: 90, takes: 5ms, fails: 100%",
        )
        one.advance(40 * S)
        found = to_the_end(one)
        reached = found.offered / 2
        left.append(found.half_done / reached)
    assert left == pytest.approx([1 / 2, 1 / 8, 1 / 256], abs=0.06)
    assert any("gave up taking back" in words for _, _, words in one.notes())


def test_it_waits_out_a_short_outage_of_what_is_to_be_taken_back() -> None:
    """Stock dies after it did its part and before it is to be taken back: 5 attempts, 100 ms, 200, 400 and 800 apart."""
    one = trip(payment="service, slots: 90, takes: 200ms, fails: 100%", links={"payment": ", timeout: 10s"})
    one.advance(1 * S)
    one.stop()
    handle = one.kill(all_of(one, "stock"))
    one.advance(1 * S + 900 * MS)
    one.lift(handle)
    found = to_the_end(one)
    assert found.half_done == 0
    assert node(one, "orders").busy == 0


def test_calls_below_a_step_are_taken_back_with_it() -> None:
    nodes = {"web": WEB, "orders": "service, slots: 200, takes: 0s, saga: {}"}
    nodes |= {name: "service, slots: 50, takes: 5ms" for name in ("stock", "shelf", "ledger")}
    nodes["payment"] = "service, slots: 50, takes: 5ms, fails: 100%"
    one = world(nodes, ["web -> orders -> stock -> shelf -> ledger", "orders -> payment"])
    one.advance(10 * S)
    found = to_the_end(one)
    assert found.failed == found.offered
    assert found.half_done == 0
    assert link(one, "shelf -> ledger").attempts == 2 * found.offered


def test_a_compensation_goes_through_a_queue() -> None:
    """The step before hands off; what takes it back follows through the same queue, also through an outbox."""
    for outbox in ("", ", outbox: {every: 50ms}"):
        nodes = {
            "web": WEB, "orders": "service, slots: 200, takes: 0s, saga: {}", "stock": f"service, slots: 50, takes: 5ms{outbox}",
            "q": "sqs", "picker": "service, slots: 50, takes: 5ms", "payment": "service, slots: 50, takes: 200ms, fails: 100%",
        }
        one = world(
            nodes, ["web -> orders -> stock", "orders -> payment", "stock => q", "{link: q => picker, batch: 1, wait: 20s}"]
        )
        one.advance(10 * S)
        found = to_the_end(one)
        check_frame(one)
        assert one.idle()
        assert found.failed == found.offered
        assert (found.half_done, found.duplicates) == (0, 0)


def test_a_late_execution_after_its_compensation_is_half_done_again() -> None:
    """Payment takes up to 1 s and is given up after 100 ms; now and then all its compensations are done before it is."""
    one = trip(
        links={"payment": ", timeout: 100ms"}, payment="service, slots: 500, takes: {uniform: {low: 1ms, high: 999ms}}",
    )
    one.advance(10 * S)
    found = to_the_end(one)
    assert found.failed == pytest.approx(0.9 * found.offered, rel=0.05)
    assert 20 < found.half_done < 0.3 * found.failed
    undone = trip(links={"payment": ", timeout: 2s"}, payment="service, slots: 500, takes: 500ms, fails: 100%")
    undone.advance(10 * S)
    assert to_the_end(undone).half_done == 0


def test_all_at_once() -> None:
    """Steps that run side by side are all taken back, whichever failed."""
    one = trip(", order: parallel, saga: {}", payment="service, slots: 50, takes: 20ms, fails: 100%")
    one.advance(10 * S)
    found = to_the_end(one)
    assert found.failed == found.offered
    assert found.half_done == 0
    assert node(one, "orders").busy == 0


def test_a_crash_of_the_service_itself_leaves_things_half_done() -> None:
    """Each order takes 200 ms, and its compensation five times 200 ms and 1.5 s of back-off: 135 orders are open."""
    one = trip(payment="service, slots: 90, takes: 200ms, fails: 100%")
    one.advance(5 * S)
    one.lift(one.kill(all_of(one, "orders")))
    one.advance(6 * S)
    found = to_the_end(one)
    assert found.half_done == pytest.approx(50 * 2.7, abs=4)
    assert node(one, "orders").busy == 0
    assert set(reasons(one)) == {"payment: error", "orders: connection reset"}


def test_a_fallback_is_no_compensation() -> None:
    """A substitute for the answer to an order to take back would leave it half done, and say so to nobody."""
    one = trip(
        ", saga: {attempts: 3, backoff: 10ms}", links={"stock": ", fallback: {}"}, web=WEB + ", work: [stock, payment]",
        payment="service, slots: 90, takes: 5ms, fails: 100%",
    )
    one.advance(5 * S)
    one.lay("errors", all_of(one, "stock"), {"share": 1.0})
    one.advance(10 * S)
    to_the_end(one)
    assert link(one, "orders -> stock").attempts == pytest.approx(250 * 2 + 250 * (1 + 3), rel=0.02)


def test_an_optional_steps_part_that_was_taken_back_is_lost() -> None:
    """The customer is told yes although the trip was taken back: its part is nobody's any more."""
    nodes = {
        "web": WEB + ", work: [stock]", "front": "service, slots: 90, takes: 0s",
        "orders": "service, slots: 90, takes: 0s, saga: {}",
        "stock": "service, slots: 50, takes: 5ms", "payment": "service, slots: 50, takes: 5ms, fails: 100%",
    }
    one = world(nodes, ["web -> front", "{link: front -> orders, optional: true}", "orders -> stock", "orders -> payment"])
    one.advance(5 * S)
    found = to_the_end(one)
    check_frame(one)
    assert one.idle()
    assert found.lost == found.offered
