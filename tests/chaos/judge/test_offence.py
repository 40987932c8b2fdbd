"""Where a claim that failed first showed that it would."""

from __future__ import annotations

import pytest

from chaos.experiment import perform
from chaos.journals.journal import journal
from tests.chaos.playgrounds import CRASH, small


def offence(claim: str) -> dict[str, object] | None:
    """What the journal says of the first offence of one claim that fails."""
    [row] = journal(perform(small(f"{CRASH}expect:\n  - {{{claim}}}\n"), 1))["expectations"]
    assert row["verdict"] == "fail"
    found: dict[str, object] | None = row["first_offence"]
    return found


@pytest.mark.parametrize(
    ("claim", "earliest", "latest", "node"),
    [
        ('in: coupled, that: web.success, is: ">= 99%"', 10.0, 10.2, "web"),
        ('in: coupled, that: web.told_no, is: "= 0", during: fault', 10.0, 10.2, "web"),
        ('in: decoupled, that: backlog.depth.max, is: "< 60"', 11.0, 12.5, "backlog"),
        ('in: decoupled, that: inventory.unhealthy, is: "= 0s"', 10.9, 11.1, "inventory"),
        ('in: coupled, that: web.success, always: ">= 90%"', 10.0, 10.3, "web"),
        ('in: decoupled, that: backlog.depth, eventually: "> 9999", within: 2s, during: fault', 12.0, 12.0, "backlog"),
    ],
)
def test_the_instant_and_the_place(claim: str, earliest: float, latest: float, node: str) -> None:
    found = offence(claim)
    assert found is not None
    assert isinstance(found["at"], float)
    assert earliest <= found["at"] <= latest
    assert found["node"] == node
    assert found["words"]


@pytest.mark.parametrize(
    "claim",
    [
        'in: coupled, that: web.success, is: "< 5%"',
        'in: decoupled, that: web.staleness.max, is: "< 1s"',
        'that: decoupled.web.success - coupled.web.success, is: "< 5 points"',
    ],
)
def test_nothing_is_said_where_the_grid_cannot_tell(claim: str) -> None:
    assert offence(claim) is None
