"""Windows as unions of eras."""

from __future__ import annotations

import pytest

from chaos.judge.windows import Span, Windows, length, slice_ns, union

S = 1_000_000_000


def windows(*faults: tuple[int, int], healed: bool = True, end: int = 100, settle: int = 20) -> Windows:
    """Windows in seconds, with an era for every second."""
    spans = tuple((a * S, b * S) for a, b in faults)
    return Windows(tuple(i * S for i in range(end + 1)), 5 * S, end * S, spans, healed, settle * S)


def seconds(spans: list[Span]) -> list[tuple[int, int]]:
    """Spans in seconds."""
    return [(a // S, b // S) for a, b in spans]


@pytest.mark.parametrize(
    ("faults", "healed", "expected"),
    [
        ([], True, {"before": [(5, 100)], "fault": [], "recovery": [], "after": [], "all": [(5, 100)]}),
        ([(30, 40)], True, {"before": [(5, 30)], "fault": [(30, 40)], "recovery": [(40, 60)], "after": [(60, 100)]}),
        ([(30, 40), (35, 50)], True, {"fault": [(30, 50)], "recovery": [(50, 70)], "after": [(70, 100)]}),
        (
            [(30, 40), (60, 70)],
            True,
            {"fault": [(30, 40), (60, 70)], "recovery": [(70, 90)], "after": [(40, 60), (90, 100)]},
        ),
        ([(30, 100)], False, {"before": [(5, 30)], "fault": [(30, 100)], "recovery": [], "after": []}),
        ([(2, 10)], True, {"before": [], "fault": [(5, 10)], "recovery": [(10, 30)], "after": [(30, 100)]}),
        ([(30, 90)], True, {"recovery": [(90, 100)], "after": []}),
    ],
)
def test_the_windows(faults: list[tuple[int, int]], healed: bool, expected: dict[str, list[tuple[int, int]]]) -> None:
    found = windows(*faults, healed=healed)
    assert {name: seconds(found.spans(name)) for name in expected} == expected


def test_windows_share_no_instant() -> None:
    found = windows((30, 40), (60, 70))
    parts = [span for name in ("before", "fault", "recovery", "after") for span in found.spans(name)]
    assert length(parts) == sum(b - a for a, b in parts) == 95 * S


def test_an_interval_may_lie_in_the_warm_up() -> None:
    assert seconds(windows().spans("0s..3s", (0, 3 * S))) == [(0, 3)]


def test_eras_of_a_window() -> None:
    assert windows((30, 40)).window("fault") == list(range(30, 40))
    assert windows((30, 40)).since(98 * S) == [98, 99, 100]


def test_an_unknown_window_is_an_error() -> None:
    with pytest.raises(KeyError):
        windows((30, 40)).spans("later")


def test_union() -> None:
    assert union([(5, 7), (1, 3), (3, 4), (6, 9), (8, 8)]) == [(1, 4), (5, 9)]


def test_long_runs_have_longer_slices() -> None:
    assert slice_ns(180 * S) == 5 * S
    assert 86_400 * S / slice_ns(86_400 * S) <= 240
