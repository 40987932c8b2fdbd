"""One line about the chosen node, or what a person should know just now."""

from __future__ import annotations

from collections.abc import Sequence

from topology.frame import DOWN, Frame, NodeFrame
from tui.draw import figures, glyphs
from tui.draw.boxes import headline
from tui.draw.canvas import Run
from tui.draw.palette import INK_OF_STATE, Palette
from tui.widgets.lines import Lines

WHY = {"fails": "its answers fail", "slow": "its answers are slow", "no replica is up": ""}
"""Symptoms as sentences; that nothing is up is said by the figures before it."""


class DetailLine(Lines):
    """A notice where there is one; else the chosen node and why it is as it is."""

    DEFAULT_CSS = """
    DetailLine { height: 1; }
    """

    def show(self, frame: Frame, node: NodeFrame, notice: tuple[str, str], palette: Palette) -> None:
        """Show the notice before the node."""
        idle = frame.uncalled(node.name)
        self.show_rows([detail_row(node, frame.design, notice, self.size.width, idle)], palette)


def detail_row(
    node: NodeFrame, design: str, notice: tuple[str, str], width: int, idle: Sequence[str] = ()
) -> list[Run]:
    """The line at a width; `idle` are the node's replicas that nobody calls."""
    words, tone = notice
    if words:
        return [(" ▸ ", f"{tone}+bold"), (figures.fit(words, width - 4), tone)]
    ink = INK_OF_STATE[node.state]
    state, figure = glyphs.STATE_WORDS[node.state], headline(node, 30)
    said = state if figure == state else f"{state}, {figure}"
    runs: list[Run] = [(" ▸ ", "key+bold"), (node.name, "title+bold"), (f" in {design}  ", "dim")]
    runs += [(f"{glyphs.STATE[node.state]} {said}", ink)]
    room = width - sum(len(text) for text, _ in runs) - 2
    alone = f"{' and '.join(idle)} idle: wired to nobody" if idle else ""
    tail = "; ".join(words for words in (WHY.get(node.why, node.why), alone) if words)
    tail = tail or ("" if node.state == DOWN else _rates(node))
    return [*runs, (figures.fit(f"   {tail}", room), "text")] if tail and room > 10 else runs


def _rates(node: NodeFrame) -> str:
    p99 = f", p99 {figures.short_time(node.p99_ns)}" if node.p99_ns else ""
    return f"{figures.rate(node.rate_in)} in, {figures.rate(node.rate_out)} out{p99}"
