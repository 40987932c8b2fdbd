"""Push services of mobile platforms."""

from __future__ import annotations

import pytest

from tests.topology.worlds import S, flow, node, reasons, to_the_end, world


def test_an_invalid_token_is_for_good() -> None:
    one = world(
        {"web": "producer, rate: 100/s", "phones": "push_service, invalid_tokens: 10%"},
        ["{link: web -> phones, retry: {attempts: 3}}"],
    )
    one.advance(50 * S)
    found = to_the_end(one)
    assert reasons(one) == {"phones: invalid token: the endpoint is disabled (410)": found.failed}
    assert found.failed == pytest.approx(0.1 * found.offered, rel=0.15)
    assert dict(node(one, "phones").gauges)["invalid tokens"] == found.failed
    assert found.latency_p50_ns < S / 20


def test_above_its_limit_it_answers_429() -> None:
    one = world(
        {"web": "producer, rate: 100/s, arrivals: constant", "phones": "push_service, invalid_tokens: 0%, limit: 20/s"},
        ["web -> phones"],
    )
    one.advance(50 * S)
    assert flow(one).served == pytest.approx(20 * 51, abs=3)
    assert set(reasons(one)) == {"phones: too many requests (429)"}
