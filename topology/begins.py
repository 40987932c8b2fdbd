"""When a run begins by the calendar: what a kind that goes by dates asks for, and the instant that is meant."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from topology.parameters import word
from topology.problems import Refused

BEGINS: Any = word("2026-01-05T00:00:00", "The date and time, in UTC, at which the run begins: a Monday.")
"""The parameter `begins`."""


def begin_of(text: str) -> int:
    """Seconds since 1970 of a `begins`; without a zone it is in UTC. Raises Refused for what is no date."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(("begins",), f"expected a date and time such as 2026-01-05T00:00:00, got {text!r}") from None
    return int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp())
