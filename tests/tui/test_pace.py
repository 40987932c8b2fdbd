"""The run's clock against the wall's."""

from __future__ import annotations

import pytest

from tui.pace import NS, Pace


class Wall:
    """A clock that is moved by hand; each slice of work takes `cost` seconds."""

    def __init__(self, cost: float = 0.0) -> None:
        self.now = 100.0
        self.cost = cost
        self.at_ns = 0

    def __call__(self) -> float:
        return self.now

    def advance(self, until_ns: int) -> None:
        self.at_ns = until_ns
        self.now += self.cost


def test_time_goes_as_fast_as_the_wall() -> None:
    wall = Wall()
    pace = Pace(wall, 0.025)
    for _ in range(20):
        wall.now += 0.05
        pace.tick(wall.at_ns, 60 * NS, wall.advance)
    assert wall.at_ns == pytest.approx(NS, rel=1e-6)
    assert pace.words() == "×1"


def test_a_slow_world_lowers_the_speed_that_is_shown() -> None:
    wall = Wall(cost=0.02)
    pace = Pace(wall, 0.025)
    pace.change(2)
    for _ in range(60):
        wall.now += 0.05
        pace.tick(wall.at_ns, 600 * NS, wall.advance)
    assert pace.words().startswith("×4 (×")


def test_without_a_budget_nothing_is_dropped() -> None:
    wall = Wall(cost=0.02)
    pace = Pace(wall, None)
    wall.now += 0.2
    pace.tick(0, 60 * NS, wall.advance)
    assert wall.at_ns == 200_000_000


def test_a_pause_and_a_long_silence_do_not_race() -> None:
    wall = Wall()
    pace = Pace(wall, 0.025)
    pace.paused = True
    wall.now += 5
    pace.tick(0, 60 * NS, wall.advance)
    assert wall.at_ns == 0
    pace.paused = False
    wall.now += 5
    pace.tick(0, 60 * NS, wall.advance)
    assert wall.at_ns == 250_000_000


def test_the_end_is_the_end() -> None:
    wall = Wall()
    pace = Pace(wall, 0.025)
    wall.now += 0.2
    pace.tick(NS - 1_000, NS, wall.advance)
    assert wall.at_ns == NS


def test_what_a_long_silence_lost_is_said() -> None:
    wall = Wall()
    pace = Pace(wall, 0.025)
    for _ in range(10):
        wall.now += 1.0
        pace.tick(wall.at_ns, 600 * NS, wall.advance)
    assert wall.at_ns == 10 * 250_000_000
    assert pace.words() == "×1 (×0.25)"


def test_slow_pictures_leave_two_thirds_of_the_time_to_the_world() -> None:
    wall = Wall()
    pace = Pace(wall, 0.025)
    pictures = 0

    def look() -> None:
        nonlocal pictures
        pictures += 1
        wall.now += 0.5

    for _ in range(200):
        wall.now += 0.05
        pace.look(look)
    assert pictures == pytest.approx(200 * 0.05 / 1.0, abs=1)


def test_without_a_budget_every_picture_is_taken() -> None:
    wall = Wall()
    pace = Pace(wall, None)
    pictures = []
    for _ in range(5):
        wall.now += 0.05
        pace.look(lambda: (pictures.append(1), setattr(wall, "now", wall.now + 9))[0])
    assert len(pictures) == 5
