"""The verdict: what it all comes to, in sentences, always current."""

from __future__ import annotations

from chaos.moment import Verdict
from tui.draw import figures
from tui.draw.canvas import Run
from tui.draw.palette import Palette
from tui.widgets.lines import Lines, rule


class VerdictText(Lines):
    """The comparison in words."""

    DEFAULT_CSS = """
    VerdictText { height: 3; }
    """

    def show(self, verdict: Verdict, titled: bool, palette: Palette) -> None:
        """Show the sentence."""
        self.show_rows(verdict_rows(verdict.sentence, titled, self.size.width, self.size.height), palette)


def verdict_rows(sentence: str, titled: bool, width: int, height: int) -> list[list[Run]]:
    """The sentence in as many lines as there are; … where it is longer."""
    head = [rule("what it comes to", width)] if titled else []
    room = max(1, height - len(head))
    lines = figures.wrap_to(sentence, max(10, width - 2), room)
    return head + [[(f" {line}", "title")] for line in lines]
