"""Messages that nobody can ever work on."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.shops import arrivals, between, breaks, clean, node, offered_in, reasons, shop, to, view

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


def test_one_message_blocks_its_shard_until_it_is_given_up() -> None:
    nodes = {"log": "kinesis, shards: 4, partition: message"}
    run = shop(nodes, ["web => log => app"], breaks("poison_message", "app", 5, 55, share="0.5%"))
    # At 50 records a second each shard meets one within about four seconds.
    assert [view(to(run, 40), "log", f"shard {i}", "age s") > 20 for i in range(4)] == [True] * 4
    assert arrivals(run, "app", 40, 50) == pytest.approx(4 * 10, abs=12)
    assert run.frames()[0].flows[0].lost == 0
    assert max(view(to(run, 120), "log", f"shard {i}", "age s") for i in range(4)) < 3
    assert clean(run)


def test_a_batch_is_split_until_the_poison_stands_alone_and_lies_at_its_destination() -> None:
    nodes = {"log": "kinesis, shards: 4, partition: message", "app": "lambda, takes: 1ms", "grave": "sqs"}
    found = {}
    for settings in ("retries: 1", "retries: 1, bisect: true"):
        links = ["web => log", f"{{link: log => app, {settings}, failed: grave}}"]
        run = shop(nodes, links, breaks("poison_message", "app", 5, 20, share="0.5%"))
        found[settings] = node(to(run, 90), "grave").depth
        assert max(view(run, "log", f"shard {i}", "age s") for i in range(4)) < 3
    assert found["retries: 1, bisect: true"] == pytest.approx(0.005 * 200 * 20, abs=9)
    assert found["retries: 1, bisect: true"] == run.frames()[0].flows[0].dead_lettered
    assert found["retries: 1"] > 8 * found["retries: 1, bisect: true"]


def test_one_message_blocks_its_partition_unless_it_becomes_a_dead_letter() -> None:
    nodes = {"log": "msk, brokers: 4, partitions: 4, key: message", "grave": "sqs"}
    run = shop(nodes, ["web => log => app"], breaks("poison_message", "app", 5, 55, share="0.5%"))
    assert view(to(run, 40), "log", "group app", "blocked partitions") == 4
    assert view(run, "log", "group app", "lag") == pytest.approx(200 * 31, rel=0.1)
    links = ["web => log", "{link: log => app, attempts: 3, backoff: 50ms, dead_letter: grave}"]
    run = shop(nodes, links, breaks("poison_message", "app", 5, 30, share="0.5%"))
    assert node(to(run, 40), "grave").depth == pytest.approx(0.005 * 200 * 30, abs=12)
    assert view(run, "log", "group app", "lag") < 1_200
    assert run.frames()[0].flows[0].lost == 0
    assert clean(run)
