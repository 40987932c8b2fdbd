"""Film time and run time: exact both ways, whatever the speed and the pauses."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.pace import SPEEDS
from tui.record.reel import NS, Reel


def test_as_fast_as_the_run_a_film_is_as_long() -> None:
    reel = Reel(20 * NS, 80 * NS, 10)
    assert (reel.length_ns, reel.pictures) == (60 * NS, 600)
    assert [reel.shown(number)[0] for number in (0, 1, 600)] == [20 * NS, 20 * NS + NS // 10, 80 * NS]


def test_twice_as_fast_is_half_as_long_and_a_pause_stands_still() -> None:
    reel = Reel(0, 40 * NS, 10, 2.0, ((10 * NS, 3 * NS), (40 * NS, NS)))
    assert reel.length_ns == 24 * NS
    assert reel.run_ns(5 * NS - 1) == (10 * NS - 2, False)
    assert reel.run_ns(5 * NS) == (10 * NS, True)
    assert reel.run_ns(8 * NS - 1) == (10 * NS, True)
    assert reel.run_ns(8 * NS) == (10 * NS, False)
    assert reel.run_ns(9 * NS) == (12 * NS, False)
    assert reel.run_ns(23 * NS) == (40 * NS, True)
    assert reel.film_ns(10 * NS) == 5 * NS, "the pause comes after the instant"
    assert reel.film_ns(12 * NS) == 9 * NS


def test_pauses_elsewhere_and_those_of_a_still_do_not_count() -> None:
    holds = ((10 * NS, 3 * NS), (30 * NS, NS))
    assert Reel(20 * NS, 25 * NS, 10, holds=holds).length_ns == 5 * NS
    assert Reel(10 * NS, 10 * NS, 10, holds=holds).pictures == 0


@given(
    st.integers(0, 10**11), st.integers(1, 10**11), st.sampled_from(SPEEDS), st.integers(4, 30),
    st.lists(st.tuples(st.integers(0, 2 * 10**11), st.integers(1, 10**10)), max_size=4),
)  # fmt: skip
def test_pictures_go_forward_from_the_beginning_to_the_end(
    begin: int, length: int, speed: float, fps: int, holds: list[tuple[int, int]]
) -> None:
    reel = Reel(begin, begin + length, fps, speed, tuple(sorted(holds)))
    numbers = [*range(0, reel.pictures, max(1, reel.pictures // 50)), reel.pictures]
    shown = [reel.shown(number)[0] for number in numbers]
    assert shown[0] == begin
    assert shown[-1] == begin + length
    assert shown == sorted(shown)
    for number, run_ns in zip(numbers, shown, strict=True):
        assert reel.film_ns(run_ns) <= number * NS / fps + 1, "an instant is never shown before its time"
