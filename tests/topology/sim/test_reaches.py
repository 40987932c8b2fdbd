"""What lies behind each link."""

from __future__ import annotations

from tests.topology.worlds import playground
from topology.sim.reaches import reaches_of


def test_parts_behind_each_link() -> None:
    made = playground(
        {"web": "producer, rate: 1/s", "a": "service", "b": "service", "c": "service", "q": "sqs", "bank": "endpoint"},
        ["web -> a -> b", "a -> bank", "a => q => c", "{link: c -> b, optional: true}"],
    )
    work = ["a", "b", "c"]
    found = reaches_of(made.designs[0], [("web", work)])
    rows = {link.name: row[0] for link, row in zip(made.designs[0].links, found, strict=True)}
    parts = {name: ({work[p] for p in reach}, work[own] if own >= 0 else "") for name, (reach, own, _) in rows.items()}
    assert parts == {
        "web -> a": ({"a", "b", "c"}, "a"),
        "a -> b": ({"b"}, "b"),
        "a -> bank": (set(), ""),
        "a => q": ({"b", "c"}, ""),
        "q => c": ({"b", "c"}, "c"),
        "c -> b": ({"b"}, "b"),
    }
    bits = [bit for _, own, bit in rows.values() if own >= 0]
    assert len(set(bits)) == len(bits)
    assert all(bit.bit_count() == 1 for bit in bits)
    assert all(bit == 0 for _, own, bit in rows.values() if own < 0)


def test_circles_end() -> None:
    made = playground(
        {"web": "producer, rate: 1/s", "a": "service", "b": "service", "q": "sqs"},
        ["web -> a -> b => q => a"],
    )
    found = reaches_of(made.designs[0], [("web", ["a", "b"])])
    assert all(sorted(row[0][0]) == [0, 1] for row in found)
