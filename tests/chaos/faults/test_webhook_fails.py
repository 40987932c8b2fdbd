"""A third party whose answers are wrong."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.shops import breaks, clean, offered_in, shop

HOOK = {"hook": "webhook, takes: 10ms, limit: 1000/s, fails: 0"}
LINKS = ["web -> hook"]


def test_by_default_every_call_fails_after_the_usual_time() -> None:
    run = shop(HOOK, LINKS, breaks("webhook_fails", "hook", 2, 4))
    found = offered_in(run, 2.01, 5.9, wait_s=0.05)
    assert found.failed == found.offered
    assert found.reasons == {"hook: internal server error (500)": found.offered}
    assert found.latency_no.quantile_ns(0.5) == pytest.approx(10e6, rel=0.02)
    after = offered_in(run, 6.01, 8, wait_s=0.1)
    assert after.served == after.offered
    assert clean(run)


@pytest.mark.parametrize("answer", [429, "429"])
def test_a_share_is_turned_away_at_once(answer: object) -> None:
    run = shop(HOOK, LINKS, breaks("webhook_fails", "hook", 2, 4, answer=answer, share="40%"))
    found = offered_in(run, 2.01, 5.9, wait_s=0.05)
    assert found.refused / found.offered == pytest.approx(0.4, abs=0.06)
    assert found.reasons == {"hook: too many requests (429)": found.refused}
    assert found.latency_no.quantile_ns(0.99) < 5e6
    assert found.served == found.offered - found.refused
    after = offered_in(run, 6.01, 8, wait_s=0.1)
    assert after.served == after.offered
    assert clean(run)


def test_a_share_is_answered_slowly() -> None:
    run = shop(HOOK, LINKS, breaks("webhook_fails", "hook", 2, 4, answer="slow", share="60%", stretch=30))
    found = offered_in(run, 2.01, 5.5, wait_s=0.5)
    assert found.served == found.offered
    assert found.latency.quantile_ns(0.9) == pytest.approx(300e6, rel=0.03)
    assert found.latency.quantile_ns(0.2) == pytest.approx(10e6, rel=0.03)
    assert found.latency.mean_ns() == pytest.approx(0.6 * 300e6 + 0.4 * 10e6, rel=0.06)
    assert clean(run)


def test_two_hit_independently_and_each_heals_alone() -> None:
    both = breaks("webhook_fails", "hook", 2, 8, share="20%"), breaks("webhook_fails", "hook", 2, 4, answer=429, share="50%")
    run = shop(HOOK, LINKS, *both)
    two, one = offered_in(run, 2.01, 5.9, wait_s=0.05), offered_in(run, 6.01, 9.9, wait_s=0.05)
    assert two.served / two.offered == pytest.approx(0.8 * 0.5, abs=0.05)
    assert one.served / one.offered == pytest.approx(0.8, abs=0.04)
    assert one.refused == 0
    after = offered_in(run, 10.01, 11, wait_s=0.1)
    assert after.served == after.offered
    assert clean(run)


def test_what_is_our_own_is_no_third_party() -> None:
    with pytest.raises(Refused, match="it acts on an endpoint of a third party"):
        shop().do(breaks("webhook_fails", "app", 0))
