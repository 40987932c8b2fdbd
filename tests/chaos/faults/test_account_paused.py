"""An account that may not send."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.shops import between, breaks, clean, node, reasons, shop, to

BOX = "mail_provider, takes: 1ms, bounces: 0, deferrals: 0, complaints: 0"
MAIL = {"mails": "ses, rate: 1000/s, quota: 1000000", "box": BOX}
LINKS = ["{link: web => mails, timeout: 1s, retry: {attempts: 3, backoff: 1ms}}", "mails => box"]


def test_every_mail_is_refused_once() -> None:
    run = shop(MAIL, LINKS, breaks("account_paused", "mails", 2, 4))
    assert between(run, 0, 1.99).no == 0
    came = node(run, "box").arrivals
    found = between(run, 2, 6)
    assert (found.yes, found.no, found.attempts) == (pytest.approx(0, abs=2), pytest.approx(800, abs=2), found.offered)
    assert reasons(run) == {"mails: the account's sending is paused": found.no}
    assert node(run, "box").arrivals == pytest.approx(came, abs=3)
    assert between(run, 6.01, 8).no == 0
    assert clean(run)


def test_of_two_both_must_be_healed() -> None:
    run = shop(MAIL, LINKS, *[breaks("account_paused", "mails", 2, long) for long in (6, 3)])
    assert between(run, 5.5, 7.5).yes == 0
    assert between(run, 8.01, 9).no == 0
    assert clean(run)


def test_a_provider_has_no_account_that_could_be_paused() -> None:
    run = to(shop(MAIL, LINKS), 1)
    with pytest.raises(Refused, match="it acts on an account that sends mail"):
        run.do(breaks("account_paused", "box", 0))
