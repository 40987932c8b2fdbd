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
    """A line for each design, more where there is room; … where it is longer."""
    head = [rule("what it comes to", width)] if titled else []
    room = max(1, height - len(head))
    said = sentence.split("\n")
    needs = [len(figures.wrap(one, max(10, width - 4))) for one in said]
    lines: list[str] = []
    for one, rows in zip(said, shares(needs, room), strict=True):
        first, *more = figures.wrap_to(one, max(10, width - 4), rows) if rows else [""]
        lines += [first, *(f"  {line}" for line in more)] if rows else []
    return head + [[(f" {line}", "title")] for line in lines]


def shares(needs: list[int], room: int) -> list[int]:
    """How many rows each gets: one as long as there are any, then more from the top to whoever needs more."""
    given = [0] * len(needs)
    while room > 0 and given != needs:
        for at, need in enumerate(needs):
            if given[at] < need and room > 0:
                given[at] += 1
                room -= 1
    return given
