"""Mail to many who do not exist."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from chaos.runner import Runner
from tests.chaos.faults.shops import breaks, clean, gauge, shop, to, view

BOX = "mail_provider, takes: 1ms, bounces: 0, deferrals: 0, complaints: 0"
MAIL = {"mails": "ses, rate: 1000/s, quota: 1000000, representative: 100000", "box": BOX}
LINKS = ["web => mails => box"]


def bounced(run: Runner, from_s: float, to_s: float) -> float:
    """How many mails bounced between two instants."""
    before = view(to(run, from_s), "mails", "stream web", "bounced")
    return view(to(run, to_s), "mails", "stream web", "bounced") - before


@pytest.mark.parametrize("on", ["mails", "box"])
def test_a_share_of_the_mails_bounces(on: str) -> None:
    run = shop(MAIL, LINKS, breaks("bounce_storm", on, 2, 4))
    assert bounced(run, 1, 2) == 0
    assert bounced(run, 2, 6) == pytest.approx(0.3 * 800, abs=45)
    assert bounced(run, 6.1, 8) == 0
    assert clean(run)


@pytest.mark.parametrize("on", ["mails", "box"])
def test_two_hit_independently_and_each_heals_alone(on: str) -> None:
    both = breaks("bounce_storm", on, 2, 8, share="20%"), breaks("bounce_storm", on, 2, 4, share="50%")
    run = shop(MAIL, LINKS, *both)
    assert bounced(run, 2, 6) == pytest.approx((1 - 0.8 * 0.5) * 800, abs=50)
    assert bounced(run, 6.1, 10) == pytest.approx(0.2 * 780, abs=40)
    assert bounced(run, 10.1, 12) == 0
    assert clean(run)


def test_above_the_limit_sending_is_paused_and_the_heal_does_not_give_the_reputation_back() -> None:
    nodes = MAIL | {"mails": "ses, rate: 1000/s, quota: 1000000, representative: 200"}
    run = shop(nodes, LINKS, breaks("bounce_storm", "mails", 2, 2))
    assert gauge(to(run, 1.9), "mails", "status") == 0
    assert gauge(to(run, 3), "mails", "status") == 2
    # A tenth of the latest 200 mails must bounce; at a share of 30 % that takes some 67 mails.
    assert view(run, "mails", "stream web", "bounced") == 20
    assert gauge(to(run, 8), "mails", "status") == 2


def test_who_sends_no_mail_has_no_bounces() -> None:
    with pytest.raises(Refused, match="it acts on an account that sends mail"):
        shop().do(breaks("bounce_storm", "app", 0))
