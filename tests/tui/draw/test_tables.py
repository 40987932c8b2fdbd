"""Tables of parts as text."""

from __future__ import annotations

import pytest

from topology.tables import Row, Table
from tui.draw.tables import Columns, gauge, order, table_rows

TABLE = Table(
    "partitions",
    ("partition", "leader", "lag", "age s", "keys %"),
    (
        Row(("0", "1", 12.0, 0.25, 0.5), (0.0, 12.0)),
        Row(("1", "nobody", 5.0, 9.0, 0.25), (3.0, 5.0)),
        Row(("2", "3", 1200.0, 2.0, 0.25), (0.0, 1200.0)),
        Row(("3", "2", 5.0, 2.0, 0.25), (1.0, 5.0)),
    ),
)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("hits %", 0.873, ("hits", "87 %")),
        ("hits %", 0.999, ("hits", ">99 %")),
        ("replica_lag s", 2.14, ("replica lag", "2.1 s")),
        ("replica lag s", 0.0153, ("replica lag", "15 ms")),
        ("replica lag s", 0.0, ("replica lag", "0 s")),
        ("healthy targets", 12345.0, ("healthy targets", "12,345")),
        ("limit", 7.25, ("limit", "7.25")),
    ],
)
def test_a_gauge_reads_as_its_name_says(name: str, value: float, shown: tuple[str, str]) -> None:
    assert gauge(name, value) == shown


def text(places: list[int], columns: Columns, width: int) -> list[str]:
    head, rows, _ = table_rows(TABLE, places, columns, width)
    return ["".join(t for t, _ in row).rstrip() for row in (head, *rows)]


def test_the_worst_come_first_each_with_its_sign() -> None:
    assert order(TABLE, True) == [1, 3, 2, 0]
    assert order(TABLE, False) == [0, 1, 2, 3]
    assert text(order(TABLE, True), Columns(), 80) == [
        "   partition  leader    lag     age  keys",
        " ✖ 1          nobody      5   9.0 s  25 %",
        " ▲ 3          2           5   2.0 s  25 %",
        "   2          3       1,200   2.0 s  25 %",
        "   0          1          12  250 ms  50 %",
    ]


def test_columns_that_do_not_fit_are_counted_and_can_be_reached() -> None:
    columns = Columns()
    assert table_rows(TABLE, [0], columns, 24)[2] == "3 more columns: ←→"
    columns.left = 2
    assert text([0], columns, 40)[0].split() == ["partition", "age", "keys"]
    columns.left = 99
    assert text([0], columns, 40)[0].split() == ["partition", "keys"]


def test_columns_grow_and_do_not_shrink() -> None:
    columns = Columns()
    text([1], columns, 80)
    wide = dict(columns.widths)
    text([0], columns, 80)
    assert columns.widths["leader"] == wide["leader"] == len("nobody")


def test_a_table_without_rows_is_a_heading() -> None:
    empty = Table("members", ("member", "lag"), ())
    head, rows, hidden = table_rows(empty, [], Columns(), 60)
    assert "".join(t for t, _ in head).split() == ["member", "lag"]
    assert (rows, hidden) == ([], "")
