"""A third party that is away."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.shops import between, breaks, clean, node, reasons, shop, to

LINKS = ["web -> bank"]


@pytest.mark.parametrize("kind", ["endpoint", "webhook, limit: 1000/s, fails: 0"])
def test_it_refuses_at_once(kind: str) -> None:
    run = shop({"bank": kind + ", takes: 5ms"}, LINKS, breaks("provider_down", "bank", 2, 4))
    assert between(run, 0, 1.99).no == 0
    found = between(run, 2, 5.99)
    assert node(run, "bank").up == 0
    assert (found.yes, found.no) == (pytest.approx(0, abs=2), pytest.approx(800, abs=2))
    assert reasons(run)["bank: connection refused"] == pytest.approx(797, abs=2)
    assert between(run, 6.01, 8).no == 0
    assert clean(run)


def test_silently_it_does_not_answer_at_all() -> None:
    run = shop({"bank": "endpoint, takes: 5ms"}, LINKS, breaks("provider_down", "bank", 2, 4, silent=True))
    found = between(run, 2.01, 2.9)
    assert (found.yes, found.no) == (0, 0)
    assert found.offered == pytest.approx(178, abs=2)
    assert between(run, 7, 8).yes == pytest.approx(200, abs=2)
    assert clean(run)


def test_of_two_both_must_be_healed() -> None:
    run = shop({"bank": "endpoint, takes: 5ms"}, LINKS, *[breaks("provider_down", "bank", 2, long) for long in (6, 3)])
    assert between(run, 5.5, 7.5).yes == 0
    assert between(run, 8.01, 9).no == 0
    assert clean(run)


def test_what_is_our_own_is_no_provider() -> None:
    run = to(shop({"jobs": "sqs"}, ["web => jobs => app"]), 1)
    for name in ("app", "jobs"):
        with pytest.raises(Refused, match="it acts on an endpoint of a third party"):
            run.do(breaks("provider_down", name, 0))
