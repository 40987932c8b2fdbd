"""Every sign on the screen, in one place: the legend of the help page is made from it, so it cannot drift."""

from __future__ import annotations

from topology.frame import DOWN, OK, PAUSED, STRAINED

STATE = {OK: "●", STRAINED: "▲", DOWN: "✖", PAUSED: "⏸"}
STATE_WORDS = {OK: "ok", STRAINED: "strained", DOWN: "down", PAUSED: "paused"}

BARS = "▁▂▃▄▅▆▇█"
ELLIPSIS = "…"
DOT = "•"
FAILING = "✖"
OPEN_BREAKER = "⊘"

BORDERS = {OK: tuple("╭─╮│╰╯"), STRAINED: tuple("╔═╗║╚╝"), DOWN: tuple("┏━┓┃┗┛"), PAUSED: tuple("┌┄┐┆└┘")}
"""Top left, horizontal, top right, vertical, bottom left, bottom right: the shape says the state without a colour."""

PORTS = {OK: "├┤", STRAINED: "╟╢", DOWN: "┠┨", PAUSED: "├┤"}
"""Where a single line meets the right border, and the left one."""
DOUBLE_PORTS = {OK: "╞╡", STRAINED: "╠╣", DOWN: "┣┫", PAUSED: "╞╡"}

UP_BIT, DOWN_BIT, LEFT_BIT, RIGHT_BIT = 1, 2, 4, 8
"""A cell of a link is a mask of the directions in which it goes on."""

#          0    U    D    UD   L    UL   DL   UDL  R    UR   DR   UDR  LR   ULR  DLR  all
SOLID = (" ", "│", "│", "│", "─", "╯", "╮", "┤", "─", "╰", "╭", "├", "─", "┴", "┬", "┼")
DOUBLE = (" ", "║", "║", "║", "═", "╝", "╗", "╣", "═", "╚", "╔", "╠", "═", "╩", "╦", "╬")
DASHED = (" ", "┆", "┆", "┆", "┄", "╯", "╮", "┤", "┄", "╰", "╭", "├", "┄", "┴", "┬", "┼")

ARROWS = {1: "▶", -1: "◀"}
ASIDE_ARROWS = {1: "▷", -1: "◁"}

LEGEND = (
    ("● ╭──╮", "ok", "fine: healthy, all of its replicas are up"),
    ("▲ ╔══╗", "warn", "strained: failing, slow, or only partly up"),
    ("✖ ┏━━┓", "bad", "down: none is up"),
    ("⏸ ┌┄┄┐", "paused", "paused: frozen, and silent"),
    ("───▶", "line", "a call: the sender waits, and holds a slot, until the answer"),
    ("═══▶", "line", "a hand-off: the sender waits only until it is accepted"),
    ("┄┄┄▶", "line", "a consumer takes from a queue (the arrow is the way of the messages)"),
    ("┄┄┄▷", "dim", "where dead letters go"),
    ("─•─•", "line", "messages moving: the faster, the more of them (where there are very many, slowed for the eye)"),
    ("──✖▶", "bad", "cut, or at least half of what is sent along it fails"),
    ("──⊘▶", "bad", "its circuit breaker is open: nothing is sent"),
    ("✖2 ●38", "bad", "many nodes drawn as one, and how many of them are how: o opens the group, O all of them"),
    ("pinned", "dim", "each caller is wired to one replica, chosen when it starts"),
    ("list", "dim", "callers go round a fixed list of replicas, dead or alive"),
    ("balanced", "dim", "a load balancer with health checks chooses"),
    ("pull", "dim", "it takes messages from a queue when it has room"),
    ("▁▃▅▇", "line", "a figure over the last seconds; the same scale in all designs"),
)
"""Sign, ink, meaning."""


def bar(share: float) -> str:
    """One column, as high as a share from 0 to 1."""
    return BARS[min(7, max(0, round(share * 7)))]


def meter(share: float, width: int) -> str:
    """A bar of blocks, filled from the left to a share from 0 to 1; anything above nothing shows."""
    full = min(width, max(0, round(share * width)))
    if share > 0 and full == 0:
        full = 1
    return "▇" * full + "▁" * (width - full)
