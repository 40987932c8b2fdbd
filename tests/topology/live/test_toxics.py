"""Overlapping network faults add up and heal apart; nothing is lost, nothing overtakes. All on a clock of the test's own."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topology.chance import Dice
from topology.live.toxics import BOTH, FROM, SECOND, TO, BadToxic, Course, Terms, Toxic, fold, read_toxic

MS = 1_000_000
TOXICS = st.builds(
    Toxic,
    way=st.sampled_from([TO, FROM, BOTH]),
    latency_ns=st.integers(0, 10**9),
    jitter_ns=st.integers(0, 10**9),
    rate=st.integers(0, 10**6),
    cut=st.booleans(),
    refuse=st.booleans(),
)
CHANGES = st.lists(st.one_of(TOXICS, st.integers(0, 20)), max_size=30)
"""A toxic is laid; a number lifts the one of that turn, if it lies."""


def course(opened: int = 0) -> Course:
    """One direction of a connection."""
    return Course(Dice(1, "jitter", "link"), opened)


@settings(deadline=None, max_examples=60)
@given(CHANGES)
def test_what_lies_is_what_was_laid_and_not_lifted(changes: list[Toxic | int]) -> None:
    """Added up by hand, one by one; with all of them lifted nothing is left."""
    lying: dict[int, Toxic] = {}
    for turn, change in enumerate(changes):
        if isinstance(change, int):
            lying.pop(change, None)
        else:
            lying[turn] = change
        for way in (TO, FROM):
            latency, rates, cut, jitters = 0, [], False, []
            for toxic in lying.values():
                if toxic.way in (way, BOTH):
                    latency += toxic.latency_ns
                    cut = cut or toxic.cut
                    rates += [toxic.rate] if toxic.rate else []
                    jitters += [toxic.jitter_ns] if toxic.jitter_ns else []
            assert fold(lying.values(), way) == Terms(latency, tuple(jitters), min(rates, default=0), cut)
    assert fold([], TO) == Terms()


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 5 * 10**8), st.binary(max_size=2000), st.lists(TOXICS, max_size=3)), max_size=20))
def test_every_byte_gets_through_once_and_in_order(steps: list[tuple[int, bytes, list[Toxic]]]) -> None:
    """Whatever is laid and lifted meanwhile; and all of it at once when nothing lies any more."""
    one, now, terms = course(), 0, Terms()
    sent = got = b""
    for wait, data, toxics in steps:
        now += wait
        got += b"".join(piece or b"" for piece in one.through(now, terms))
        terms = fold(toxics, TO)
        one.change(now, terms)
        if data:
            one.push(now, data, terms)
            sent += data
        assert sent.startswith(got + b"".join(piece or b"" for piece in one.through(now, terms)))
        got = sent[: len(sent) - one.held]
    got += b"".join(piece or b"" for piece in one.through(now, terms))
    one.change(now, Terms())
    got += b"".join(piece or b"" for piece in one.through(now, Terms()))
    assert got == sent
    assert one.held == 0
    assert one.wakes(Terms()) is None


def test_two_latencies_add_up_and_heal_apart() -> None:
    slow, slower = Toxic(latency_ns=100 * MS), Toxic(latency_ns=1000 * MS)
    crossing = {}
    for name, lying in {"both": [slow, slower], "one": [slower], "none": []}.items():
        one, terms = course(), fold(lying, TO)
        one.push(0, b"x", terms)
        crossing[name] = one.wakes(terms), one.through(0, terms), one.wakes(terms)
    assert crossing["both"] == (0, [], 1100 * MS)
    assert crossing["one"] == (0, [], 1000 * MS)
    assert crossing["none"] == (0, [b"x"], None)


def test_a_bandwidth_is_passed_one_after_the_other() -> None:
    """Ten thousand bytes at ten thousand a second take a second, and come bit by bit."""
    one, terms = course(), Terms(latency_ns=50 * MS, rate=10_000)
    one.push(0, b"x" * 10_000, terms)
    assert one.through(101 * MS, terms) == [], "the first has passed at 51.2 ms"
    early = one.through(551 * MS, terms)
    assert sum(len(piece or b"") for piece in early) == 9 * 512, "those that had passed at 501 ms"
    assert one.held == 10_000 - 9 * 512
    assert sum(len(piece or b"") for piece in one.through(1050 * MS, terms)) == 10_000 - 9 * 512


def test_a_bandwidth_that_is_lifted_holds_nothing_back() -> None:
    one, terms = course(), Terms(rate=1)
    one.push(0, b"x" * 1000, terms)
    assert one.wakes(terms) == 512 * SECOND
    one.change(SECOND, Terms())
    assert b"".join(piece or b"" for piece in one.through(SECOND, Terms())) == b"x" * 1000


def test_a_latency_that_is_lifted_lets_what_is_on_its_way_arrive() -> None:
    one, terms = course(), Terms(latency_ns=3600 * SECOND)
    one.push(0, b"x", terms)
    assert one.through(0, terms) == []
    one.change(SECOND, Terms(latency_ns=20 * MS))
    assert one.wakes(Terms(latency_ns=20 * MS)) == SECOND + 20 * MS


def test_a_latency_that_is_laid_delays_nothing_that_is_on_its_way() -> None:
    one, terms = course(), Terms(latency_ns=10 * MS)
    one.push(0, b"x", terms)
    one.through(0, terms)
    longer = Terms(latency_ns=500 * MS)
    one.change(5 * MS, longer)
    one.push(5 * MS, b"y", longer)
    assert one.through(10 * MS, longer) == [b"x"]
    assert one.wakes(longer) == 505 * MS


def test_a_cut_hides_the_end_of_a_connection_until_it_is_healed() -> None:
    one, cut = course(), Terms(cut=True)
    for piece in (b"x", b"", None):
        one.push(0, piece, cut)
    assert one.through(3600 * SECOND, cut) == []
    assert one.wakes(cut) is None
    one.change(3600 * SECOND, Terms())
    assert one.through(3600 * SECOND, Terms()) == [b"x", b"", None]


def test_jitter_is_up_to_so_much_more_or_less() -> None:
    one, terms = course(), Terms(latency_ns=100 * MS, jitters_ns=(40 * MS,))
    delays = []
    for n in range(1000):
        now = n * SECOND
        one.push(now, b"x", terms)
        one.through(now, terms)
        at = one.wakes(terms)
        assert at is not None
        delays.append((at - now) / MS)
        one.through(at, terms)
    assert min(delays) >= 60
    assert max(delays) <= 140
    assert abs(sum(delays) / len(delays) - 100) < 2.5, "40/sqrt(3*1000) is 0.73"


def test_a_connection_is_open_after_a_handshake() -> None:
    one, terms = course(opened=100 * MS), Terms(latency_ns=50 * MS)
    one.push(0, b"x", terms)
    assert one.wakes(terms) == 100 * MS
    assert one.through(149 * MS, terms) == []
    assert one.through(150 * MS, terms) == [b"x"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"way": "up"}, "a direction is one of to, from, both, not 'up'"),
        ({"latency_ns": -1}, "latency_ns must be a whole number from 0 up"),
        ({"rate": 0.5}, "rate must be a whole number"),
        ({"latency": 1}, "a toxic has no latency"),
    ],
)
def test_what_is_no_toxic_is_said_not_to_be(fields: dict[str, object], sentence: str) -> None:
    with pytest.raises(BadToxic, match=sentence):
        read_toxic(fields)


def test_a_toxic_reaches_another_process_whole() -> None:
    toxic = Toxic(FROM, 1, 2, 3, cut=True, refuse=True)
    assert read_toxic(toxic.as_fields()) == toxic
