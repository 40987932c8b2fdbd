"""Many clients within a moment."""

from __future__ import annotations

import pytest

from tests.chaos.faults.shops import between, breaks, clean, shop, to

HERD = {"clients": 1000, "within": "500ms"}


@pytest.mark.parametrize(
    ("web", "spread"),
    [
        ("producer, rate: 100/s, arrivals: constant", 2),
        ("producer, rate: 100/s", 4.0 * 1000**0.5),
        ("producer, rate: 100/s, ramp: {from: 300/s, over: 20s}", 4.0 * 1000**0.5),
        ("producer, wave: {low: 1/s, high: 300/s, period: 60s}", 4.0 * 1000**0.5),
    ],
)
def test_so_many_more_come_whatever_the_rate_is(web: str, spread: float) -> None:
    app = {"web": web, "app": "service, slots: 2000, takes: 1ms"}
    plain, herd = shop(app), shop(app, ["web -> app"], breaks("herd_reconnect", "web", 2, 8, **HERD))
    usual, more = between(plain, 2, 2.5).offered, between(herd, 2, 2.5).offered
    assert more - usual == pytest.approx(1000, abs=spread)
    # Those who would have come anyway come at the same instants, before, meanwhile and afterwards.
    assert between(plain, 2.6, 12).offered == between(herd, 2.6, 12).offered
    assert clean(herd)


def test_again_and_again_from_beginning_to_beginning() -> None:
    herds = breaks("herd_reconnect", "web", 2, 7, again="2s", **HERD)
    run = shop({"app": "service, slots: 2000, takes: 1ms"}, ["web -> app"], herds)
    found = [between(run, at, at + 1).offered - 200 for at in range(2, 12)]
    assert found[0::2] == pytest.approx([1000, 1000, 1000, 1000, 0], abs=140)
    assert found[1::2] == pytest.approx([0] * 5, abs=2)
    assert clean(run)


def test_two_herds_come_beside_each_other() -> None:
    herds = [breaks("herd_reconnect", "web", 2, long, **HERD) for long in (4, 0.25)]
    run = shop({"app": "service, slots: 4000, takes: 1ms"}, ["web -> app"], *herds)
    # The second is healed half-way: half of it has come.
    assert between(run, 2, 3).offered - 200 == pytest.approx(1500, abs=160)
    assert clean(to(run, 7))
