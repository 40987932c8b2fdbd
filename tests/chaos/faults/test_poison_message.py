"""Messages that nobody can ever work on."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.shops import between, breaks, clean, node, offered_in, reasons, shop, to

POISON = "app: it can never be worked on (poison message)"


def test_the_same_messages_fail_each_time_and_end_as_dead_letters() -> None:
    nodes = {"jobs": "sqs, visibility: 1s, dead_letter: {to: grave, after: 3}", "grave": "sqs"}
    run = shop(nodes, ["web => jobs => app"], breaks("poison_message", "app", 2, 4.5, share="10%"))
    to(run, 20)
    # Three receives, at 0, 1 and 2 s, fall into the fault for those that were offered in its first 2.5 s.
    assert node(run, "grave").depth == pytest.approx(0.1 * 500, abs=15)
    assert run.frames()[0].flows[0].dead_lettered == node(run, "grave").depth
    assert node(run, "jobs").depth <= 2
    assert clean(run)


def test_without_a_dead_letter_queue_they_come_again_until_it_heals() -> None:
    run = shop({"jobs": "sqs, visibility: 1s"}, ["web => jobs => app"], breaks("poison_message", "app", 2, 8, share="10%"))
    assert node(to(run, 9.9), "jobs").depth == pytest.approx(0.1 * 7.9 * 200, abs=35)
    assert node(to(run, 11.5), "jobs").depth < 5
    assert clean(run)


def test_who_knows_that_it_is_in_vain_does_not_try_again() -> None:
    links = ["{link: web -> app, timeout: 1s, retry: {attempts: 3, backoff: 1ms}}"]
    run = shop({}, links, breaks("poison_message", "app", 2, 4, share="10%"))
    found = between(run, 2.01, 5.9)
    assert found.attempts == found.offered
    assert 1 - found.success == pytest.approx(0.1, abs=0.03)
    assert reasons(run) == {POISON: run.frames()[0].flows[0].failed}
    assert between(run, 6.01, 8).no == 0
    assert clean(run)


def test_two_make_more_poison_and_each_heals_alone() -> None:
    both = breaks("poison_message", "app", 2, 8, share="20%"), breaks("poison_message", "app", 2, 4, share="30%")
    run = shop({}, ["web -> app"], *both)
    two, one = offered_in(run, 2.01, 5.9), offered_in(run, 6.01, 9.9)
    assert two.failed / two.offered == pytest.approx(1 - 0.8 * 0.7, abs=0.05)
    assert one.failed / one.offered == pytest.approx(0.2, abs=0.04)
    assert between(run, 10.01, 11).no == 0
    assert clean(run)


def test_what_does_no_work_cannot_meet_poison() -> None:
    run = shop({"jobs": "sqs"}, ["web => jobs => app"])
    with pytest.raises(Refused, match="it acts on what does work"):
        run.do(breaks("poison_message", "jobs", 0))
