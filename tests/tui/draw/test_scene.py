"""Whole pictures as text: what a person sees for a frame."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from textwrap import dedent

import pytest

from tests.tui.worlds import frame, link, node
from topology.frame import Frame, LayerFrame, ReplicaFrame
from tui.draw.boxes import second_row
from tui.draw.routing import phase_of
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


def test_the_dots_depend_on_the_frame_alone() -> None:
    """A film that begins in the middle shows them where the film of the whole does."""
    nodes = [node("a"), node("b")]
    whole, part = Scene(["a", "b"], [("a", "b")], []), Scene(["a", "b"], [("a", "b")], [])
    for at in range(1, 40):
        picture = replace(frame(nodes, [link("a", "b", rate=100.0, flow=at * 0.5)]), at_ns=at * 50_000_000)
        drawn = whole.draw(picture, "").text()
    assert part.draw(picture, "").text() == drawn


@pytest.mark.parametrize("per_second", [0.1, 3.0, 10.0, 300.0, 10_000.0])
def test_dots_never_outrun_the_eye(per_second: float) -> None:
    phases = [phase_of(per_second * at / 20, at * 50_000_000) for at in range(2000, 2400)]
    assert all(0 <= after - before <= 1 for before, after in pairwise(phases))
    assert phases[-1] > phases[0]


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


@pytest.mark.parametrize("held", [1, 13, 1_744, 22_700])
@pytest.mark.parametrize("room", range(11, 30))
def test_what_is_held_of_a_queue_is_said_at_every_width(held: int, room: int) -> None:
    row = second_row(node("backlog", "sqs", depth=held, in_flight=held), room)
    text = "".join(words for words, _ in row)
    assert text.endswith(("in flight", "held"))
    assert len(text) <= room


@pytest.mark.parametrize("room", range(11, 30))
def test_who_waits_for_a_slot_is_said_in_whole_words(room: int) -> None:
    for queued in (0, 31, 22_700):
        text = "".join(words for words, _ in second_row(node("api", slots=8, busy=8, queued=queued), room))
        assert "…" not in text
        assert len(text) <= room


def test_a_replica_that_nobody_calls_is_named() -> None:
    caller = ReplicaFrame(0, "up", 0, 8, 0, ("app/0",))
    replicas = tuple(ReplicaFrame(index, "up", 0, 8, 0, ()) for index in range(2))
    nodes = [node("web", replicas=(caller,)), node("app", replicas=replicas, up=2, wanted=2, wiring="pinned")]
    picture = frame(nodes, [link("web", "app")])
    assert picture.uncalled("app") == ("app/1",)
    assert picture.uncalled("web") == ()
    assert picture.all_uncalled() == {"app": ("app/1",)}
    assert " app/1 idle " in draw(picture, 60, 8)


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
