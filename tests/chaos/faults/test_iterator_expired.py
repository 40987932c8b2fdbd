"""Readers whose iterators expire."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.shops import arrivals, breaks, clean, gauge, shop, to

NODES = {"web": "producer, rate: 50/s, arrivals: constant", "log": "kinesis, shards: 1", "app": "service, takes: 1ms"}
LINKS = ["web => log", "{link: log => app, poll: 200ms}"]


def test_nothing_is_read_and_then_all_of_it() -> None:
    run = shop(NODES, LINKS, breaks("iterator_expired", "log", 2, 4))
    assert arrivals(run, "app", 1, 2) == pytest.approx(50, abs=11)
    assert arrivals(run, "app", 2.1, 6) == 0
    assert gauge(to(run, 5.9), "log", "iterator age s") == pytest.approx(4, abs=0.3)
    assert gauge(run, "log", "expired iterators") == pytest.approx(19, abs=2)
    assert arrivals(run, "app", 6, 7) == pytest.approx(250, abs=11)
    assert gauge(run, "log", "iterator age s") < 0.3
    found = run.frames()[0].flows[0]
    assert (found.lost, found.told_no, found.duplicates) == (0, 0, 0)
    assert clean(run)


def test_a_share_of_the_reads() -> None:
    run = shop(NODES, LINKS, breaks("iterator_expired", "log", 2, 40, share="30%"))
    assert gauge(to(run, 42), "log", "expired iterators") == pytest.approx(200 * 0.3, abs=16)
    assert clean(to(run, 43))


def test_two_hit_independently_and_each_heals_alone() -> None:
    both = breaks("iterator_expired", "log", 2, 80, share="20%"), breaks("iterator_expired", "log", 2, 40, share="50%")
    run = shop(NODES, LINKS, *both)
    first = gauge(to(run, 42), "log", "expired iterators")
    assert first == pytest.approx(200 * 0.6, abs=20)
    assert gauge(to(run, 82), "log", "expired iterators") - first == pytest.approx(200 * 0.2, abs=16)
    assert clean(to(run, 83))


def test_with_fan_out_there_is_no_iterator() -> None:
    run = shop(NODES, ["web => log", "{link: log => app, fan_out: true}"])
    with pytest.raises(Refused, match="read without fan-out"):
        run.do(breaks("iterator_expired", "log", 0))
