"""Groups: nodes that are drawn as one where there are too many to draw each.

A node belongs to one group on each level, from names that differ in their last number to all of a kind. Which level
is drawn depends on the room; a person opens and folds single groups, or all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from tui.draw.layout import Edge, layers_of

AUTO, OPEN, FOLDED = "auto", "open", "folded"
"""Folded as far as the room asks for; nothing folded; everything folded, though there may be room."""
LEVELS = 4
"""By the last number of a name, by all its numbers, by layer and kind, by kind."""

_LAST = re.compile(r"[-_]?\d+$")
_NUMBERS = re.compile(r"[-_]?\d+")


@dataclass(frozen=True, slots=True)
class Item:
    """What is drawn in one place: a node, or a folded group with the indices of its members."""

    label: str
    members: tuple[int, ...]
    key: str = ""
    """Of a group; empty for a node."""


class Folding:
    """Which nodes of a design are drawn together."""

    def __init__(self, names: Sequence[str], kinds: Sequence[str], edges: Sequence[Edge]) -> None:
        self.names, self.kinds, self.edges = names, kinds, edges
        self.mode = AUTO
        self.level = 0
        """The level that the room asks for."""
        self.opened: set[str] = set()
        self.folded: set[str] = set()
        """What was opened and folded by hand."""

    @cached_property
    def keys(self) -> list[list[str]]:
        """For each node its groups, from the smallest to the largest; a group of one is none."""
        layers = layers_of(len(self.names), list(self.edges))
        rows = [
            [_numbered(_LAST, name, kind), _numbered(_NUMBERS, name, kind), f"{kind} in {layer}", f"every {kind}"]
            for name, kind, layer in zip(self.names, self.kinds, layers, strict=True)
        ]
        counted = Counter(key for row in rows for key in dict.fromkeys(row))
        return [[key if counted[key] > 1 else "" for key in row] for row in rows]

    def items(self, level: int | None = None) -> list[Item]:
        """What is drawn, in the order of the nodes: on a level as it is, or as it was opened and folded by hand."""
        if level == 0 or (level is None and self._plain()):
            return [Item(name, (at,)) for at, name in enumerate(self.names)]
        groups: dict[str, list[int]] = {}
        for at in range(len(self.names)):
            key = self._drawn(at) if level is None else next((k for k in reversed(self.keys[at][:level]) if k), "")
            groups.setdefault(key or f"={at}", []).append(at)
        return [self._item(key, members) for key, members in groups.items()]

    def toggle(self, at: int) -> bool:
        """Open the group that a node is drawn in, or fold the smallest one around it; False where there is none."""
        drawn = self._drawn(at)
        if drawn:
            self.opened.add(drawn)
            self.folded.discard(drawn)
            return True
        around = next((key for key in self.keys[at] if key), "")
        if around:
            self.folded.add(around)
            self.opened.discard(around)
        return bool(around)

    def reveal(self, at: int) -> bool:
        """Open whatever a node is folded into; whether there was anything."""
        found = False
        while drawn := self._drawn(at):
            self.opened.add(drawn)
            self.folded.discard(drawn)
            found = True
        return found

    def toggle_all(self) -> bool:
        """Open everything, or fold everything where nothing is folded; whether it is folded now."""
        anything = any(item.key for item in self.items())
        self.opened.clear()
        self.folded.clear()
        self.mode = OPEN if anything else FOLDED
        return not anything

    def _plain(self) -> bool:
        return not self.folded and self._depth() == 0

    def _depth(self) -> int:
        return 0 if self.mode == OPEN else max(self.level, 1) if self.mode == FOLDED else self.level

    def _drawn(self, at: int) -> str:
        """The group that a node is drawn in now: the largest that is folded."""
        depth = self._depth()
        for number in range(LEVELS, 0, -1):
            key = self.keys[at][number - 1]
            if key and key not in self.opened and (number <= depth or key in self.folded):
                return key
        return ""

    def _item(self, key: str, members: list[int]) -> Item:
        first = self.names[members[0]]
        if len(members) == 1:
            return Item(first, tuple(members))
        return Item(f"{first}..{self.names[members[-1]]}", tuple(members), key)


def _numbered(pattern: re.Pattern[str], name: str, kind: str) -> str:
    """What names share that differ only in a number; nothing for a name without one."""
    stem, found = pattern.subn("", name)
    return f"{stem} ({kind})" if found else ""
