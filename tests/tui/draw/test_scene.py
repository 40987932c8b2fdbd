"""Whole pictures as text: what a person sees for a frame."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.tui.worlds import frame, link, node
from topology.frame import Frame, LayerFrame
from tui.draw.scene import Scene


def draw(picture: Frame, width: int, height: int, chosen: str = "") -> str:
    names = [n.name for n in picture.nodes]
    scene = Scene(names, [(one.caller, one.callee) for one in picture.links], [])
    scene.fit(width, height)
    return scene.draw(picture, chosen).text()


def is_(text: str) -> str:
    return dedent(text).strip("\n")


def test_a_call_between_two_services() -> None:
    picture = frame([node("web", "producer", rate_out=100.0), node("orders", slots=24, busy=2, wiring="pinned")],
                    [link("web", "orders")])  # fmt: skip
    assert draw(picture, 35, 3) == is_(
        """
        ╭─ web ───────╮     ╭─ orders ────╮
        │ ● 100/s     ├────▶┤ ● 2/24 ▂    │
        ╰─────────────╯     ╰─ pinned ────╯
        """
    )


def test_states_show_in_the_border_and_a_failing_link_is_marked() -> None:
    picture = frame([node("a", state="strained", slots=8, busy=8), node("b", state="down", up=0, wanted=2)],
                    [link("a", "b", rate=10.0, rate_bad=10.0)])  # fmt: skip
    assert draw(picture, 35, 3) == is_(
        """
        ╔═ a ═════════╗     ┏━ b ━━━━━━━━━┓
        ║ ▲ 8/8 slots ╟•─✖─▶┨ ✖ 0 of 2 up ┃
        ╚═════════════╝     ┗━━━━━━━━━━━━━┛
        """
    )


@pytest.mark.parametrize(
    ("mode", "wiring", "drawn"),
    [("->", "pinned", "├────▶┤"), ("=>", "push", "╞════▶╡"), ("=>", "pull", "├┄┄┄┄▶┤")],
)
def test_calls_hand_offs_and_consumers_look_different(mode: str, wiring: str, drawn: str) -> None:
    text = draw(frame([node("a"), node("b")], [link("a", "b", mode, wiring)]), 35, 3)
    assert drawn in text


def test_dots_move_with_the_flow() -> None:
    nodes = [node("a"), node("b")]
    scene = Scene(["a", "b"], [("a", "b")], [])
    scene.fit(42, 3)
    places = []
    for flow in (0.0, 1.0, 2.0, 3.0):
        row = scene.draw(frame(nodes, [link("a", "b", rate=10.0, flow=flow)]), "").text().splitlines()[1]
        places.append([at for at, char in enumerate(row) if char == "•"])
    assert all(places)
    assert len({tuple(place) for place in places}) == 4


def test_a_cycle_is_drawn_back_to_where_it_began() -> None:
    """The link that closes it arrives at the border where its target's own links leave."""
    text = draw(frame([node("a"), node("b")], [link("a", "b"), link("b", "a", rate=1.0)]), 35, 3)
    assert "├◀───▶┤" in text


def test_an_open_breaker_is_marked() -> None:
    assert "⊘" in draw(frame([node("a"), node("b")], [link("a", "b", breaker="open")]), 35, 3)


def test_a_full_box_says_more() -> None:
    text = draw(frame([node("orders", slots=8, busy=7, queued=31, rate_out=90.0, p99_ns=2_100_000_000)], []), 30, 6)
    assert text == is_(
        """
        ╭─ orders ───────────╮
        │ ● 7/8 slots        │
        │ ▇▇▇▇▇▇▇▁ +31 wait  │
        │ 90/s  p99 2.1 s    │
        ╰────────────────────╯
        """
    )


def test_a_queue_shows_what_it_keeps_and_for_how_long() -> None:
    picture = frame([node("backlog", "sqs", depth=1124, in_flight=6, age_ns=11_000_000_000, rate_in=100.0)], [])
    text = draw(picture, 30, 6)
    assert "backlog · sqs" in text
    assert "1,124 kept, 11 s" in text
    assert "6 in flight" in text


def test_layers_are_named_on_the_box() -> None:
    slow = LayerFrame(1, "slow", "slow ×5")
    assert "─ slow ─" in draw(frame([node("a", layers=(slow,))], []), 30, 6)


def test_a_long_name_is_cut_with_an_ellipsis() -> None:
    text = draw(frame([node("a-name-that-is-much-longer-than-any-box-can-be")], []), 40, 6)
    assert "…" in text.splitlines()[0]


def test_one_line_per_node_in_little_room() -> None:
    picture = frame([node("cart", slots=8, busy=3, rate_out=431.0), node("b", state="down")], [link("cart", "b")])
    assert draw(picture, 40, 1).startswith("● cart ▄ 431")
    assert "✖ b ▁ down" in draw(picture, 40, 1)
