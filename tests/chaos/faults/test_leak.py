"""Memory that runs full."""

from __future__ import annotations

import pytest

from tests.chaos.faults.shops import breaks, clean, node, offered_in, shop, to, world


def test_work_gets_slower_until_the_process_is_killed_and_again() -> None:
    run = shop({}, ["web -> app"], breaks("leak", "app", 2, 41, fills="10s", thrash=11))
    calm = offered_in(run, 0, 2).latency.mean_ns()
    fills = world(run).groups["app"].places[0].leaks[0].fills if to(run, 2.1) else 0
    assert 9_000_000_000 <= fills <= 11_000_000_000
    full = fills / 1e9
    # Half full nothing is felt; at three quarters work takes 1 + 10 * 0.25 times as long, at nine tenths 1 + 10 * 0.64.
    assert offered_in(run, 2.1, 2 + full * 0.5).latency.mean_ns() == pytest.approx(calm, rel=0.01)
    for part, times in ((0.75, 3.5), (0.9, 7.4)):
        at = 2 + full * part
        assert offered_in(run, at, at + 0.2).latency.mean_ns() == pytest.approx(calm * times, rel=0.15)
    assert node(to(run, 2 + full + 0.5), "app").up == 0
    # One second down, then empty again: one death in each 1 s + the time to fill.
    assert offered_in(run, 2 + full + 1.01, 2 + full + 3).latency.mean_ns() == pytest.approx(calm, rel=0.01)
    to(run, 2 + 3 * (full + 1) + 0.5)
    deaths = [note for note in world(run).notes() if note[2] == "killed: out of memory"]
    assert len(deaths) == 3
    assert offered_in(run, 43.01, 45).latency.mean_ns() == pytest.approx(calm, rel=0.01)
    assert clean(run)


def test_replicas_die_at_different_instants() -> None:
    run = shop({"app": "service, replicas: 4, slots: 50, takes: 1ms"}, ["web -> app"], breaks("leak", "app", 1, fills="10s"))
    to(run, 13)
    deaths = [at for at, _, words in world(run).notes() if words.startswith("killed")]
    assert len(set(deaths)) == 4
    assert max(deaths) - min(deaths) > 200_000_000


def test_a_process_that_crashes_begins_to_fill_anew() -> None:
    run = shop({}, ["web -> app"], breaks("leak", "app", 1, fills="10s"), breaks("crash", "app", 8, 1))
    to(run, 17)
    assert not [note for note in world(run).notes() if note[2].startswith("killed")]
    to(run, 21)
    assert [note for note in world(run).notes() if note[2].startswith("killed")]


def test_two_leaks_multiply_and_healed_while_dead_it_starts() -> None:
    leaks = breaks("leak", "app", 1, 11.9, fills="10s", thrash=3), breaks("leak", "app", 1, 4, fills="10s", thrash=3)
    run = shop({}, ["web -> app"], *leaks)
    place = world(to(run, 4.99)).groups["app"].places[0]
    assert len(place.leaks) == 2
    to(run, 5.01)
    assert len(place.leaks) == 1
    to(run, 13)
    assert node(run, "app").up == 1
    assert clean(run)


def test_a_replica_that_was_drained_leaks_no_more() -> None:
    run = shop({"app": "service, replicas: 2, slots: 50, takes: 1ms"}, ["web -> app"], breaks("leak", "app", 1, fills="10s"))
    world(to(run, 3)).scale("app", 1)
    to(run, 30)
    assert {who for _, who, words in world(run).notes() if words.startswith("killed")} == {"app/0"}
