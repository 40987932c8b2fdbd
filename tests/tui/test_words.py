"""What the panel, the log and the verdict say where there is little room."""

from __future__ import annotations

from chaos.moment import LogLine
from tests.tui.worlds import S, flow, frame
from tui.draw.canvas import Run
from tui.draw.panel import rows, state_words
from tui.history import Figures, Scales, figures_of
from tui.widgets.log import log_rows
from tui.widgets.verdict import verdict_rows


def text(drawn: list[list[Run]]) -> list[str]:
    return ["".join(words for words, _ in row).rstrip() for row in drawn]


def figures(**counts: float) -> Figures:
    return figures_of(frame([], [], flow(offered=5_000, **counts)))


def test_dead_letters_are_seen_in_the_panel_and_beside_the_name() -> None:
    now = figures(rate_yes=20.0, in_system=1_744, oldest_ns=90 * S, dead_lettered=1_199)
    waiting = text(rows(now, [], Scales(1.0, 1.0, 1), 60))[2]
    assert "1,744 + 1,199 dead" in waiting
    assert state_words(now) == ("▲", "20/s told yes, 1,199 dead letters", "warn")


def test_what_is_lost_is_seen_in_the_panel() -> None:
    now = figures(rate_yes=20.0, lost=3)
    assert "0 + 3 lost" in text(rows(now, [], Scales(1.0, 1.0, 1), 60))[2]
    assert state_words(now)[1] == "20/s told yes, 3 lost"


def test_what_is_just_under_way_is_not_said_to_wait() -> None:
    assert state_words(figures(rate_yes=96.0, in_system=5))[1] == "96/s told yes"
    assert state_words(figures(rate_yes=96.0, in_system=500))[1] == "96/s told yes, 500 waiting"


def test_what_was_done_stays_above_what_came_of_it() -> None:
    log = (LogLine(0, "", "you crashed a", "bad"), *(LogLine(S * n, "coupled", f"news {n}") for n in range(1, 9)))
    drawn = text(log_rows(log, False, 60, 3))
    for row, words in zip(drawn, ("you crashed a", "news 7", "news 8"), strict=True):
        assert row.endswith(words)


def test_the_verdict_gives_each_design_a_line_before_any_gets_two() -> None:
    sentence = "one " * 40 + "\nshort\n" + "three " * 40
    assert [line.split()[0] for line in text(verdict_rows(sentence, False, 60, 3))] == ["one", "short", "three"]
    assert len(verdict_rows(sentence, False, 60, 5)) == 5
    assert text(verdict_rows("a\nb\nc", False, 60, 2)) == [" a", " b"]
