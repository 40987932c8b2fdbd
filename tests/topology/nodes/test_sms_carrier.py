"""Mobile carriers."""

from __future__ import annotations

import pytest

from tests.topology.worlds import S, flow, node, reasons, to_the_end, world

CLEAN = "sms_carrier, takes: 10ms, fails: 0%, filtered: 0%, opted_out: 0%"


def test_shares_of_what_goes_wrong() -> None:
    one = world(
        {"web": "producer, rate: 50/s", "phones": "sms_carrier, takes: 10ms, fails: 10%, filtered: 5%, opted_out: 4%"},
        ["web -> phones"],
    )
    one.advance(100 * S)
    offered = to_the_end(one).offered
    found = reasons(one)
    assert found["phones: the recipient has opted out (STOP)"] == pytest.approx(0.04 * offered, rel=0.2)
    assert found["phones: filtered by the carrier as spam"] == pytest.approx(0.05 * 0.96 * offered, rel=0.2)
    assert found["phones: error"] == pytest.approx(0.1 * 0.91 * offered, rel=0.2)
    assert dict(node(one, "phones").gauges)["parts sent"] == flow(one).served


@pytest.mark.parametrize(("size", "parts"), [(140, 1), (141, 2), (420, 3)])
def test_it_counts_parts_of_140_bytes(size: int, parts: int) -> None:
    web = f"producer, rate: 50/s, arrivals: constant, mix: {{one: {{size: {size}B}}}}"
    one = world({"web": web, "phones": f"{CLEAN}, limit: 30/s"}, ["web -> phones"])
    one.advance(50 * S)
    assert flow(one).served == pytest.approx(30 * 51 / parts, abs=3)
    assert dict(node(one, "phones").gauges)["parts sent"] == parts * flow(one).served


def test_who_has_opted_out_stays_so_and_who_was_not_reached_may_be_later() -> None:
    for words, reached in (("fails: 0%, opted_out: 50%", 0.5), ("fails: 50%, opted_out: 0%", 1 - 0.5**5)):
        one = world(
            {"web": "producer, rate: 20/s", "phones": f"sms_carrier, takes: 1ms, filtered: 0%, {words}"},
            ["{link: web -> phones, retry: {attempts: 5, backoff: 1ms}}"],
        )
        one.advance(100 * S)
        assert flow(one).served / flow(one).offered == pytest.approx(reached, abs=0.03)
