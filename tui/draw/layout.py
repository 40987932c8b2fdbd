"""Layered layout of a design: break cycles, longest path, dummies for long links, barycentre sweeps, then cells.

Layers run from left to right; where they do not fit they fold like a snake, and below that boxes lose detail. The same
nodes, links and size give the same picture, so nothing jumps while figures change.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass
from itertools import pairwise

from tui.draw.lanes import Crossing, assign_lanes

SWEEPS = 8
STRETCH = 8
"""How many cells a channel may grow beyond what it needs, so that a picture fills its place."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One link to draw: between two nodes, by index."""

    source: int
    target: int


@dataclass(frozen=True, slots=True)
class Detail:
    """A level of detail: how a node is drawn, and how many cells it takes."""

    name: str
    height: int
    least: int
    most: int
    """Widths: a box is as wide as its name needs, between these."""
    gap: int

    def width(self, name: str) -> int:
        """Cells for a node of that name."""
        extra = 11 if self.name == "line" else 6
        return min(self.most, max(self.least, len(name) + extra))


FULL = Detail("full", 5, 22, 30, 1)
SLIM = Detail("slim", 5, 17, 24, 1)
SMALL = Detail("small", 3, 15, 24, 0)
TIGHT = Detail("tight", 3, 13, 20, 0)
LINE = Detail("line", 1, 15, 26, 0)
DETAILS = (FULL, SLIM, SMALL, TIGHT, LINE)


@dataclass(frozen=True, slots=True)
class Box:
    """Where a node is drawn."""

    x: int
    y: int
    width: int
    height: int
    toward: int
    """1 where its layer flows to the right, -1 to the left."""

    @property
    def row(self) -> int:
        """The row on which links arrive and leave."""
        return self.y + self.height // 2


@dataclass(frozen=True, slots=True)
class Path:
    """The way of one link, from its source's border to its target's, both borders excluded."""

    edge: int
    corners: tuple[tuple[int, int], ...]
    """Where it begins, turns and ends; straight lines join them."""
    leaving: int
    """1 where it leaves its source going right, -1 going left."""
    heading: int
    """1 where it enters its target going right, -1 going left."""

    @property
    def cells(self) -> list[tuple[int, int]]:
        """Every cell, each once."""
        xs, ys = [x for x, _ in self.corners], [y for _, y in self.corners]
        return [(x, y) for _, x, y in self.within(min(xs), min(ys), max(xs) + 1, max(ys) + 1)]

    def within(self, left: int, top: int, right: int, low: int) -> list[tuple[int, int, int]]:
        """The cells in a window, each with its number along the way; right and low are excluded."""
        x, y = self.corners[0]
        found = [(0, x, y)] if left <= x < right and top <= y < low else []
        at = 0
        for next_x, next_y in self.corners[1:]:
            if next_y == y and next_x != x:
                if top <= y < low:
                    found += [(at + n, to, y) for n, to in _steps(x, next_x, left, right)]
            elif left <= x < right:
                found += [(at + n, x, to) for n, to in _steps(y, next_y, top, low)]
            at += abs(next_x - x) + abs(next_y - y)
            x, y = next_x, next_y
        return found


def _steps(here: int, there: int, low: int, high: int) -> list[tuple[int, int]]:
    """The steps from one place to another that lie between two bounds, each with its number."""
    if there > here:
        return [(n, here + n) for n in range(max(1, low - here), min(there, high - 1) - here + 1)]
    return [(n, here - n) for n in range(max(1, here - high + 1), here - max(there, low) + 1)]


@dataclass(frozen=True, slots=True)
class Picture:
    """A laid out design: every node's box, every link's path, and the cells they take."""

    detail: Detail
    width: int
    height: int
    boxes: tuple[Box, ...]
    paths: tuple[Path, ...]


@dataclass(slots=True)
class Ranks:
    """Items in layers: real nodes first, then dummies; `steps` are the pieces of links between neighbouring layers."""

    layers: list[list[int]]
    layer_of: list[int]
    steps: list[tuple[int, int]]
    chains: list[list[int]]
    """Per edge the items that it passes, in the direction of the layers; empty for a link from a node to itself."""
    reversed: list[bool]


def rank(nodes: int, edges: list[Edge], bundles: list[str] | None = None) -> Ranks:
    """Put nodes into layers and order them so that few links cross.

    Long links of the same bundle to the same node share their way, where bundles are given.
    """
    turned, forward = _forward(nodes, edges)
    layer_of = _longest_path(nodes, forward)
    chains, steps = _with_dummies(forward, layer_of, bundles)
    layers: list[list[int]] = [[] for _ in range(max(layer_of, default=0) + 1)]
    for item, layer in enumerate(layer_of):
        layers[layer].append(item)
    ranks = Ranks(layers, layer_of, steps, chains, turned)
    _order(ranks)
    return ranks


def layers_of(nodes: int, edges: list[Edge]) -> list[int]:
    """The layer of each node."""
    return _longest_path(nodes, _forward(nodes, edges)[1])


def _forward(nodes: int, edges: list[Edge]) -> tuple[list[bool], list[tuple[int, int]]]:
    """Which edges are turned round, and all of them in the direction of the layers."""
    turned = _turned_back(nodes, edges)
    pairs = [(e.target, e.source) if back else (e.source, e.target) for e, back in zip(edges, turned, strict=True)]
    return turned, pairs


def _turned_back(nodes: int, edges: list[Edge]) -> list[bool]:
    """Which edges close a cycle in a depth-first walk; these are laid out the other way round."""
    outgoing: list[list[int]] = [[] for _ in range(nodes)]
    for index, edge in enumerate(edges):
        outgoing[edge.source].append(index)
    turned = [False] * len(edges)
    state = [0] * nodes
    for root in range(nodes):
        if state[root]:
            continue
        state[root] = 1
        stack = [(root, iter(outgoing[root]))]
        while stack:
            node, rest = stack[-1]
            index = next(rest, -1)
            if index < 0:
                state[node] = 2
                stack.pop()
                continue
            target = edges[index].target
            if state[target] == 1:
                turned[index] = True
            elif state[target] == 0:
                state[target] = 1
                stack.append((target, iter(outgoing[target])))
    return turned


def _longest_path(nodes: int, forward: list[tuple[int, int]]) -> list[int]:
    incoming = [0] * nodes
    outgoing: list[list[int]] = [[] for _ in range(nodes)]
    for source, target in forward:
        if source != target:
            incoming[target] += 1
            outgoing[source].append(target)
    layer_of = [0] * nodes
    alone = [node for node in range(nodes) if incoming[node] == 0 and not outgoing[node]]
    ready = [node for node in range(nodes) if incoming[node] == 0]
    for node in ready:
        for target in outgoing[node]:
            layer_of[target] = max(layer_of[target], layer_of[node] + 1)
            incoming[target] -= 1
            if incoming[target] == 0:
                ready.append(target)
    last = max(layer_of, default=0)
    for node in alone:
        layer_of[node] = last
    return layer_of


def _with_dummies(
    forward: list[tuple[int, int]], layer_of: list[int], bundles: list[str] | None
) -> tuple[list[list[int]], list[tuple[int, int]]]:
    """Per edge the items it passes; `layer_of` grows by one for each dummy."""
    chains: list[list[int]] = []
    steps: dict[tuple[int, int], None] = {}
    shared: dict[tuple[int, str, int], int] = {}
    for edge, (source, target) in enumerate(forward):
        if source == target:
            chains.append([])
            continue
        chain = [source]
        bundle = str(edge) if bundles is None else bundles[edge]
        for layer in range(layer_of[source] + 1, layer_of[target]):
            item = shared.setdefault((target, bundle, layer), len(layer_of))
            if item == len(layer_of):
                layer_of.append(layer)
            chain.append(item)
        chain.append(target)
        chains.append(chain)
        steps.update(dict.fromkeys(pairwise(chain)))
    return chains, list(steps)


def _order(ranks: Ranks) -> None:
    """Sweep to and fro, each layer by the mean place of its neighbours, and keep the order that crosses least."""
    before: dict[int, list[int]] = {}
    after: dict[int, list[int]] = {}
    for source, target in ranks.steps:
        after.setdefault(source, []).append(target)
        before.setdefault(target, []).append(source)
    best = [list(layer) for layer in ranks.layers]
    fewest = crossings(ranks.layers, after)
    for sweep in range(SWEEPS):
        if fewest == 0:
            break
        downward = sweep % 2 == 0
        order = range(1, len(ranks.layers)) if downward else range(len(ranks.layers) - 2, -1, -1)
        for layer in order:
            _by_barycentre(ranks.layers, layer, before if downward else after, -1 if downward else 1)
        found = crossings(ranks.layers, after)
        if found < fewest:
            fewest, best = found, [list(layer) for layer in ranks.layers]
    ranks.layers[:] = best


def _by_barycentre(layers: list[list[int]], layer: int, neighbours: dict[int, list[int]], step: int) -> None:
    place = {item: at for at, item in enumerate(layers[layer + step])}
    weight: dict[int, float] = {}
    for at, item in enumerate(layers[layer]):
        near = [place[n] for n in neighbours.get(item, ())]
        weight[item] = sum(near) / len(near) if near else float(at)
    layers[layer].sort(key=weight.__getitem__)


def crossings(layers: list[list[int]], after: dict[int, list[int]]) -> int:
    """How many pairs of links cross between neighbouring layers."""
    total = 0
    for upper, lower in pairwise(layers):
        place = {item: at for at, item in enumerate(lower)}
        seen: list[int] = []
        for item in upper:
            ends = sorted(place[n] for n in after.get(item, ()))
            total += sum(len(seen) - bisect_left(seen, end + 1) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


def arrange(names: list[str], edges: list[Edge], width: int, height: int) -> Picture:
    """The picture with the most detail that fits; where none does, one line per node, taller than its place."""
    ranks = rank(len(names), edges)
    return fitting(ranks, names, width, height) or scrolled(ranks, names, width, LINE)


def fitting(
    ranks: Ranks, names: list[str], width: int, height: int, details: tuple[Detail, ...] = DETAILS
) -> Picture | None:
    """The picture with the most detail, of some, that fits; None where not even the least does."""
    tall = _real(ranks, names)
    for detail in details:
        if max(tall) * detail.height > height:
            continue
        columns = _columns(ranks, names, detail)
        for gap in sorted({detail.gap, 0}, reverse=True):
            for folds in range(1, min(len(columns), height // detail.height) + 1):
                if not _may_fit(columns, tall, detail, folds, width, height):
                    continue
                picture = _place(ranks, names, detail, gap, folds, width)
                if picture.width <= width and picture.height <= height:
                    return picture
    return None


def scrolled(ranks: Ranks, names: list[str], width: int, detail: Detail) -> Picture:
    """The picture at a detail that is as tall as it has to be, to be scrolled; wider than its place only where it must."""
    columns, tall = _columns(ranks, names, detail), _real(ranks, names)
    picture = None
    for folds in range(max(1, sum(columns) // max(1, width)), len(columns) + 1):
        if _may_fit(columns, tall, detail, folds, width, 1 << 30):
            picture = _place(ranks, names, detail, 0, folds, width)
            if picture.width <= width:
                break
    return picture or _place(ranks, names, detail, 0, len(columns), width)


def _bands(layers: int, folds: int) -> list[range]:
    """Layers cut into rows of nearly the same length."""
    size = -(-layers // folds)
    return [range(at, min(at + size, layers)) for at in range(0, layers, size)]


def _real(ranks: Ranks, names: list[str]) -> list[int]:
    """How many nodes each layer has, without dummies."""
    return [sum(item < len(names) for item in layer) for layer in ranks.layers]


def _columns(ranks: Ranks, names: list[str], detail: Detail) -> list[int]:
    return [
        max((detail.width(names[item]) for item in layer if item < len(names)), default=1) for layer in ranks.layers
    ]


def _may_fit(columns: list[int], tall: list[int], detail: Detail, folds: int, width: int, height: int) -> bool:
    """A quick look before the full layout."""
    bands = _bands(len(columns), folds)
    if len(bands) != folds:
        return False
    high = sum(max(tall[k] for k in band) * detail.height for band in bands)
    wide = max(sum(columns[k] for k in band) + 3 * (len(band) - 1) for band in bands)
    return high <= height and wide <= width


def _place(ranks: Ranks, names: list[str], detail: Detail, gap: int, folds: int, width: int) -> Picture:
    """Rows first, then lanes from the rows, then columns from the lanes."""
    bands = _bands(len(ranks.layers), folds)
    rows, tall = _rows(ranks, len(names), detail, gap, bands)
    channels = _channels(ranks, rows, bands)
    columns = _columns(ranks, names, detail)
    frame = _spread(columns, channels, bands, width)
    boxes = tuple(_box(item, ranks, rows, frame, detail) for item in range(len(names)))
    paths = tuple(
        _path(edge, chain, ranks, rows, channels, frame) for edge, chain in enumerate(ranks.chains) if len(chain) > 1
    )
    return Picture(detail, frame.width, tall, boxes, paths)


def _rows(ranks: Ranks, real: int, detail: Detail, gap: int, bands: list[range]) -> tuple[dict[int, int], int]:
    """The middle row of each item, and the height of all."""
    before: dict[int, list[int]] = {}
    for source, target in ranks.steps:
        before.setdefault(target, []).append(source)
    rows: dict[int, int] = {}
    top = 0
    for band in bands:
        heights = [_stack(ranks.layers[k], real, detail, gap) for k in band]
        tall = max(heights)
        for at, k in enumerate(band):
            near = before if at else {}
            _stack_rows(ranks.layers[k], real, detail, gap, top, tall, near, rows)
        top += tall + max(gap, 1)
    return rows, top - max(gap, 1)


def _stack(layer: list[int], real: int, detail: Detail, gap: int) -> int:
    return sum(detail.height if item < real else 1 for item in layer) + gap * (len(layer) - 1)


def _stack_rows(
    layer: list[int],
    real: int,
    detail: Detail,
    gap: int,
    top: int,
    tall: int,
    near: dict[int, list[int]],
    rows: dict[int, int],
) -> None:
    """Put each item beside what it is linked to where there is room, in order and without overlap."""
    left = _stack(layer, real, detail, gap)
    spare = tall - left
    at = top
    for item in layer:
        size = detail.height if item < real else 1
        around = [rows[n] for n in near.get(item, ()) if n in rows]
        wish = round(sum(around) / len(around)) - size // 2 if around else at + spare // 2
        start = max(at, min(wish, top + tall - left))
        rows[item] = start + size // 2
        at = start + size + gap
        left -= size + gap
        spare = top + tall - left - at


@dataclass(slots=True)
class Channel:
    """The room between two layers: which lane each source takes (None: straight on), and how many there are."""

    lanes: dict[int, int]
    count: int

    @property
    def width(self) -> int:
        """Cells: a stub, the lanes, a run, an arrow."""
        return self.count + 3


def _channels(ranks: Ranks, rows: dict[int, int], bands: list[range]) -> list[Channel]:
    """One channel after each layer but the last."""
    folded = {band[-1] for band in bands}
    ends: list[dict[int, list[int]]] = [{} for _ in ranks.layers]
    for source, target in ranks.steps:
        ends[ranks.layer_of[source]].setdefault(source, []).append(rows[target])
    channels: list[Channel] = []
    for k in range(len(ranks.layers) - 1):
        found = [Crossing(source, rows[source], tuple(sorted(set(to)))) for source, to in sorted(ends[k].items())]
        lanes = assign_lanes(found, always=k in folded)
        channels.append(Channel(lanes, max(lanes.values(), default=-1) + 1))
    return channels


@dataclass(slots=True)
class Spread:
    """Where the columns begin, how wide they are, which way they flow, and where each channel's lanes are."""

    width: int
    starts: list[int]
    widths: list[int]
    toward: list[int]
    lane_zero: list[int]
    """The column of lane 0 of each channel; further lanes lie further along `lane_step`."""
    lane_step: list[int]


def _spread(columns: list[int], channels: list[Channel], bands: list[range], width: int) -> Spread:
    """Columns of all bands, folded like a snake, with the spare width given to the channels."""
    outer_right = max((channels[b[-1]].width for i, b in enumerate(bands[:-1]) if i % 2 == 0), default=0)
    outer_left = max((channels[b[-1]].width for i, b in enumerate(bands[:-1]) if i % 2 == 1), default=0)
    needs = [sum(columns[k] for k in band) + sum(channels[k].width for k in band[:-1]) for band in bands]
    inner = max(needs)
    gaps = max(len(band) - 1 for band in bands)
    inner += min(max(0, width - outer_left - outer_right - inner), STRETCH * gaps)
    spread = Spread(outer_left + inner + outer_right, [0] * len(columns), columns, [1] * len(columns), [], [])
    zero, step = [0] * len(columns), [1] * len(columns)
    for index, band in enumerate(bands):
        toward = 1 if index % 2 == 0 else -1
        x = outer_left if toward == 1 else outer_left + inner
        spare = inner - needs[index]
        for at, k in enumerate(band):
            spread.toward[k] = toward
            spread.starts[k] = x if toward == 1 else x - columns[k]
            edge = x + toward * columns[k]
            zero[k] = edge + 1 if toward == 1 else edge - 2
            step[k] = toward
            if at + 1 < len(band):
                share = spare // (len(band) - 1 - at)
                share = min(share, STRETCH)
                spare -= share
                x = edge + toward * (channels[k].width + share)
            else:
                zero[k] = outer_left + inner + 2 if toward == 1 else outer_left - 3
    spread.lane_zero, spread.lane_step = zero, step
    return spread


def _box(item: int, ranks: Ranks, rows: dict[int, int], spread: Spread, detail: Detail) -> Box:
    k = ranks.layer_of[item]
    return Box(spread.starts[k], rows[item] - detail.height // 2, spread.widths[k], detail.height, spread.toward[k])


def _path(
    edge: int, chain: list[int], ranks: Ranks, rows: dict[int, int], channels: list[Channel], spread: Spread
) -> Path:
    """Out of the source, along its lane, through the dummies, into the target."""
    corners: list[tuple[int, int]] = []
    for source, target in pairwise(chain):
        k = ranks.layer_of[source]
        corners.append((_exit(k, spread), rows[source]))
        lane = channels[k].lanes.get(source)
        if lane is not None:
            x = spread.lane_zero[k] + spread.lane_step[k] * lane
            corners += [(x, rows[source]), (x, rows[target])]
        corners.append((_entry(k + 1, spread), rows[target]))
    leaving, heading = spread.toward[ranks.layer_of[chain[0]]], spread.toward[ranks.layer_of[chain[-1]]]
    if ranks.reversed[edge]:
        corners.reverse()
        leaving, heading = -heading, -leaving
    return Path(edge, tuple(corners), leaving, heading)


def _exit(k: int, spread: Spread) -> int:
    return spread.starts[k] + spread.widths[k] if spread.toward[k] == 1 else spread.starts[k] - 1


def _entry(k: int, spread: Spread) -> int:
    return spread.starts[k] - 1 if spread.toward[k] == 1 else spread.starts[k] + spread.widths[k]


def neighbour(picture: Picture, chosen: int, step_x: int, step_y: int) -> int:
    """The nearest node in a direction, or the same one where there is none."""
    here = picture.boxes[chosen]
    best, nearest = chosen, 1 << 30
    for index, box in enumerate(picture.boxes):
        along_x = (box.x + box.width // 2 - here.x - here.width // 2) * step_x
        along_y = (box.row - here.row) * step_y
        ahead = along_x + along_y
        aside = abs(box.row - here.row) * 3 if step_x else abs(box.x - here.x)
        if index != chosen and ahead > 0 and ahead + 2 * aside < nearest:
            best, nearest = index, ahead + 2 * aside
    return best


def node_at(picture: Picture, x: int, y: int) -> int | None:
    """The node drawn at a cell."""
    for index, box in enumerate(picture.boxes):
        if box.x <= x < box.x + box.width and box.y <= y < box.y + box.height:
            return index
    return None
