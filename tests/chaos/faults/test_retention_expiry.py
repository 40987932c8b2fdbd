"""A queue that throws away what waits."""

from __future__ import annotations

import pytest

from tests.chaos.faults.shops import breaks, clean, node, reasons, shop, to

NOBODY = {"jobs": "sqs, retention: 100s", "app": "service, slots: 1, takes: 1h"}
LINKS = ["web => jobs => app"]


def test_what_is_older_is_gone_at_once_and_for_good() -> None:
    run = shop(NOBODY, LINKS, breaks("retention_expiry", "jobs", 5, 5, factor="2%"))
    assert node(to(run, 4.99), "jobs").depth == pytest.approx(998, abs=3)
    assert node(to(run, 5.01), "jobs").depth == pytest.approx(400, abs=3)
    assert node(to(run, 9.9), "jobs").depth == pytest.approx(400, abs=3)
    lost = run.frames()[0].flows[0].lost
    assert lost == pytest.approx(200 * 7.9, abs=5)
    assert reasons(run) == {"jobs: retention ended": lost}
    assert node(to(run, 13), "jobs").depth == pytest.approx(1000, abs=5)
    assert clean(run)


def test_dead_letters_expire_before_anybody_has_looked_at_them() -> None:
    nodes = {"jobs": "sqs, visibility: 100ms, dead_letter: {to: grave, after: 1}", "grave": "sqs, retention: 1000s"}
    nodes["app"] = "service, slots: 50, takes: 5ms, fails: 50%"
    run = shop(nodes, LINKS, breaks("retention_expiry", "grave", 10, 5, factor="0.2%"))
    assert node(to(run, 9.9), "grave").depth == pytest.approx(980, abs=80)
    # Their age counts from when they were sent first; a tenth of a second of the two is spent before they are dead letters.
    assert node(to(run, 14.9), "grave").depth == pytest.approx(190, abs=40)
    assert reasons(run)["grave: retention ended"] == run.frames()[0].flows[0].lost > 1000
    assert clean(to(run, 16))


def test_two_multiply_and_each_heals_alone() -> None:
    both = breaks("retention_expiry", "jobs", 5, 10, factor="10%"), breaks("retention_expiry", "jobs", 5, 3, factor="20%")
    run = shop(NOBODY, LINKS, *both)
    assert node(to(run, 7.9), "jobs").depth == pytest.approx(400, abs=3)
    assert node(to(run, 14), "jobs").depth == pytest.approx(400 + 6 * 200, abs=5)
    assert clean(to(run, 16))


def test_a_consumer_of_a_stream_that_is_late_loses_the_rest() -> None:
    nodes = NOBODY | {"jobs": "kinesis, shards: 1"}
    both = [breaks("retention_expiry", "jobs", 20, long, factor=f"{part}%") for long, part in ((8, 0.02), (4, 50))]
    run = shop(nodes, LINKS, *both)
    assert node(to(run, 19.9), "jobs").depth == pytest.approx(3980, abs=5)
    # Of a day 17.28 s are left, and of these a half.
    assert node(to(run, 23.9), "jobs").depth == pytest.approx(200 * 8.64, abs=5)
    assert node(to(run, 27.9), "jobs").depth == pytest.approx(200 * 12.54, abs=10)
    lost = run.frames()[0].flows[0].lost
    assert reasons(run) == {"jobs: retention ended": lost}
    assert node(to(run, 30), "jobs").depth == pytest.approx(6000 - lost, abs=5)
    assert clean(run)


def test_a_log_is_looked_at_every_five_minutes() -> None:
    nodes = NOBODY | {"web": "producer, rate: 10/s, arrivals: constant", "jobs": "msk"}
    run = shop(nodes, LINKS, breaks("retention_expiry", "jobs", 20, 300, factor="0.01%"))
    assert node(to(run, 299), "jobs").depth == pytest.approx(2990, abs=5)
    assert node(to(run, 301), "jobs").depth == pytest.approx(10 * 60.5, abs=15)
    lost = run.frames()[0].flows[0].lost
    assert reasons(run) == {"jobs: retention ended": lost}
    assert clean(to(run, 330))
