"""The language of targets: `inventory`, `inventory/1`, `one:inventory`, `kind:service`, `zone:a`, `web -> orders`, `all`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from topology.units import shown

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
"""What a node or design may be called."""

RESERVED = frozenset({"all", "one", "half", "kind", "zone", "none"})
"""Words of this language, which are no names."""

_LINK = re.compile(r"\s*(\S+)\s*(->|=>)\s*(\S+)\s*")


@dataclass(frozen=True, slots=True)
class Aim:
    """A target as read. Either `node`, `kind`, `link` is set, or none of them: everything (in the zone, if one is set)."""

    quantity: str = "all"
    """How many of the replicas: all, one or half. `one` and `half` pick the same indices in every design."""
    node: str = ""
    replica: int | None = None
    kind: str = ""
    link: tuple[str, str, str] | None = None
    """Caller, arrow and callee."""
    zone: int | None = None
    """Only replicas in this zone, from 0 (a)."""


def zone_name(zone: int) -> str:
    """What people call a zone: a, b, c …"""
    return chr(ord("a") + zone)


def parse_target(text: str) -> Aim:
    """Read one target; ValueError in plain words. Whether its names exist is for the caller to say."""
    text = text.strip()
    if text == "all":
        return Aim()
    if match := _LINK.fullmatch(text):
        if not (NAME.fullmatch(match[1]) and NAME.fullmatch(match[3])):
            raise ValueError(f"expected a link such as orders -> inventory, got {shown(text)}")
        return Aim(link=(match[1], match[2], match[3]))
    if text.startswith("zone:"):
        return _zoned(text)
    if ":" in text and not text.startswith(("kind:", "one:", "half:", "all:")):
        raise ValueError(f"expected one:, half:, all:, kind: or zone: before the name, got {shown(text)}")
    return _quantified(text, text)


def _zoned(text: str) -> Aim:
    """`zone:a`, or `zone:a:orders` for the replicas of one node there."""
    zone, _, name = text[5:].strip().partition(":")
    if not re.fullmatch(r"[a-z]", zone) or (name and not NAME.fullmatch(name.strip())):
        raise ValueError(f"expected a zone such as zone:a or zone:a:NODE, got {shown(text)}")
    return Aim(node=name.strip(), zone=ord(zone) - ord("a"))


def _quantified(rest: str, text: str) -> Aim:
    quantity = "all"
    for word in ("one", "half", "all"):
        if rest == word:
            raise ValueError(f"expected {word} of what; write {word}:NAME")
        if rest.startswith(f"{word}:"):
            quantity, rest = word, rest[len(word) + 1 :].strip()
            break
    if rest.startswith("kind:"):
        kind = rest[5:].strip()
        if not NAME.fullmatch(kind):
            raise ValueError(f"expected a kind after kind:, got {shown(text)}")
        return Aim(quantity, kind=kind)
    return _node(quantity, rest, text)


def _node(quantity: str, rest: str, text: str) -> Aim:
    name, slash, index = rest.partition("/")
    if not NAME.fullmatch(name) or (slash and not re.fullmatch(r"[0-9]{1,4}", index)):
        words = "expected a node, NODE/INDEX, one:NODE, half:NODE, kind:KIND, CALLER -> CALLEE or all"
        raise ValueError(f"{words}, got {shown(text)}")
    if slash and quantity != "all":
        raise ValueError(f"{shown(text)} says both how many and which one")
    return Aim(quantity, node=name, replica=int(index) if slash else None)
