"""The memory behind the curves."""

from __future__ import annotations

from dataclasses import replace

from tests.tui.worlds import S, flow, frame, runner
from tui.history import KEPT, STEP_NS, History, Scales


def filled(seconds: int) -> History:
    """A rate that is the second itself."""
    history = History()
    moment = runner().moment()
    for half in range(2 * seconds):
        at_ns = half * STEP_NS
        one = replace(frame([], [], flow(rate_yes=float(half // 2), waiting=half, in_system=half)), at_ns=at_ns)
        history.add(replace(moment, at_ns=at_ns, frames=(one,)))
    return history


def test_it_is_bounded() -> None:
    assert len(filled(300).samples["coupled"]) == KEPT


def test_many_columns_show_half_a_second_each() -> None:
    assert [f.yes for f in filled(60).columns("coupled", 60)[-4:]] == [58.0, 58.0, 59.0, 59.0]


def test_few_columns_still_span_half_a_minute() -> None:
    columns = filled(60).columns("coupled", 15)
    assert len(columns) == 15
    assert (columns[-1].yes, columns[-1].waiting) == (58.5, 119)
    assert columns[0].yes == 30.5


def test_the_scales_are_common() -> None:
    history = filled(10)
    history.samples["other"] = [(at, replace(f, yes=500.0)) for at, f in history.samples["coupled"]]
    assert history.scales(30) == Scales(answers=500.0, done=0.0, waiting=19)


def test_what_came_later_can_be_cut_off() -> None:
    history = filled(10)
    history.cut(3 * S)
    assert history.samples["coupled"][-1][0] == 3 * S
    assert history.columns("nobody", 10) == []
