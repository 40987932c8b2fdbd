"""Layered layout: layers, cycles, folds, and that nothing lies upon anything else."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.draw.layout import FULL, LINE, Edge, Path, Picture, arrange, neighbour, node_at, rank

CHAIN = [Edge(0, 1), Edge(1, 2), Edge(2, 3)]


def names(count: int) -> list[str]:
    return [f"node{i}" for i in range(count)]


def no_overlap(picture: Picture) -> bool:
    cells: set[tuple[int, int]] = set()
    for box in picture.boxes:
        mine = {(x, y) for x in range(box.x, box.x + box.width) for y in range(box.y, box.y + box.height)}
        if mine & cells:
            return False
        cells |= mine
    return True


def test_a_chain_gets_one_layer_per_node() -> None:
    assert rank(4, CHAIN).layers == [[0], [1], [2], [3]]


def test_a_long_link_passes_through_dummies() -> None:
    ranks = rank(4, [*CHAIN, Edge(0, 3)])
    assert [len(chain) for chain in ranks.chains] == [2, 2, 2, 4]


def test_a_cycle_is_turned_back_once() -> None:
    assert rank(3, [Edge(0, 1), Edge(1, 2), Edge(2, 0)]).reversed == [False, False, True]


def test_a_node_without_links_stands_in_the_last_layer() -> None:
    assert rank(3, [Edge(0, 1)]).layers == [[0], [1, 2]]


def test_crossings_are_swept_away() -> None:
    ranks = rank(4, [Edge(0, 3), Edge(1, 2)])
    first, second = ranks.layers
    assert (first.index(0) < first.index(1)) == (second.index(3) < second.index(2))


def test_boxes_are_full_where_there_is_room() -> None:
    assert arrange(names(4), CHAIN, 120, 20).detail is FULL


def test_a_chain_folds_before_it_loses_its_boxes() -> None:
    picture = arrange(names(4), CHAIN, 60, 20)
    assert picture.detail is FULL
    assert [box.toward for box in picture.boxes] == [1, 1, -1, -1]


def test_little_room_leaves_one_line_per_node() -> None:
    assert arrange(names(4), CHAIN, 58, 4).detail is LINE


@pytest.mark.parametrize(("width", "height"), [(120, 20), (60, 20), (60, 9), (48, 30)])
def test_what_fits_stays_inside(width: int, height: int) -> None:
    picture = arrange(names(5), [*CHAIN, Edge(1, 4), Edge(0, 3)], width, height)
    assert picture.width <= width
    assert picture.height <= height
    for box in picture.boxes:
        assert 0 <= box.x <= box.x + box.width <= picture.width
        assert 0 <= box.y <= box.y + box.height <= picture.height


def crowd(count: int) -> list[Edge]:
    dice = random.Random(5)
    edges = [Edge(dice.randrange(max(1, i // 2)), i) for i in range(1, count)]
    return edges + [Edge(a, b) for a, b in (sorted(dice.sample(range(count), 2)) for _ in range(count // 5))]


def test_300_nodes_lie_apart_and_within_the_width() -> None:
    picture = arrange(names(300), crowd(300), 200, 44)
    assert picture.width <= 200
    assert no_overlap(picture)


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 12),
    pairs=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=18),
    width=st.integers(20, 160),
    height=st.integers(3, 45),
)
def test_any_graph_is_drawn_without_overlap(count: int, pairs: list[tuple[int, int]], width: int, height: int) -> None:
    edges = [Edge(a % count, b % count) for a, b in pairs]
    picture = arrange(names(count), edges, width, height)
    assert no_overlap(picture)
    boxes = {(x, y) for b in picture.boxes for x in range(b.x, b.x + b.width) for y in range(b.y, b.y + b.height)}
    for path in picture.paths:
        assert not boxes & set(path.cells), "a link runs through a box"
        steps = zip(path.cells, path.cells[1:], strict=False)
        assert all(abs(a - c) + abs(b - d) == 1 for (a, b), (c, d) in steps)


def test_the_neighbour_is_the_nearest_in_that_direction() -> None:
    picture = arrange(names(4), CHAIN, 120, 20)
    assert neighbour(picture, 0, 1, 0) == 1
    assert neighbour(picture, 1, -1, 0) == 0
    assert neighbour(picture, 0, -1, 0) == 0
    assert neighbour(picture, 0, 0, 1) in (0, 3)


def test_a_cell_knows_its_node() -> None:
    picture = arrange(names(2), [Edge(0, 1)], 120, 20)
    box = picture.boxes[1]
    assert node_at(picture, box.x + 1, box.y + 1) == 1
    assert node_at(picture, box.x - 1, box.y) is None


CORNERS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=5)


@given(CORNERS, st.integers(-2, 12), st.integers(-2, 12), st.integers(1, 9), st.integers(1, 9))
def test_a_window_has_the_cells_of_a_way_that_lie_in_it(
    points: list[tuple[int, int]], left: int, top: int, width: int, height: int
) -> None:
    corners = [points[0]]
    for x, y in points[1:]:
        corners += [(x, corners[-1][1]), (x, y)]
    path = Path(0, tuple(corners), 1, 1)
    whole = list(enumerate(path.cells))
    assert all(abs(x - u) + abs(y - v) == 1 for (_, (x, y)), (_, (u, v)) in pairwise(whole))
    assert [whole[0][1], whole[-1][1]] == [corners[0], corners[-1]]
    inside = [(at, x, y) for at, (x, y) in whole if left <= x < left + width and top <= y < top + height]
    assert path.within(left, top, left + width, top + height) == inside
