"""Codes to colours as they are seen."""

from __future__ import annotations

import pytest

from tui.record.looks import INK, PAPER, Look, css, look_of

RED, DARK = (213, 94, 0), (16, 20, 24)


@pytest.mark.parametrize(
    ("codes", "look"),
    [
        ("", Look(INK, PAPER)),
        ("38;2;213;94;0;48;2;16;20;24", Look(RED, DARK)),
        ("1;3;4;9", Look(INK, PAPER, bold=True, italic=True, underline=True, strike=True)),
        ("7;38;2;213;94;0;48;2;16;20;24", Look(DARK, RED)),
        ("2;38;2;200;100;0;48;2;0;0;0", Look((100, 50, 0), (0, 0, 0))),
        ("39;49", Look(INK, PAPER)),
        ("38;2;1;3;4", Look((1, 3, 4), PAPER)),
    ],
)
def test_codes(codes: str, look: Look) -> None:
    assert look_of(codes) == look


def test_css_is_short_where_it_can_be() -> None:
    assert [css((255, 255, 255)), css((16, 20, 24)), css((0x11, 0x22, 0x33))] == ["#fff", "#101418", "#123"]
