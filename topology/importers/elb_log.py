"""Access logs of AWS load balancers: of a Classic Load Balancer, and of an Application Load Balancer.

The instant is when the balancer received the request. A classic log begins with it; the first instant in a line of an
application balancer's log is that of the response, and the request's comes later in the line.
"""

from __future__ import annotations

import re
from typing import Final

from topology.importers.stamps import iso_ns

ELB_WORDS: Final = "a line of a Classic Load Balancer's access log"
ALB_WORDS: Final = "a line of an Application Load Balancer's access log"

_QUOTED = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_STAMP = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z?"
_TIMES = rb"-?[\d.]+ -?[\d.]+ -?[\d.]+ "
_CODES = rb"(?:\d{1,3}|-) (?:\d{1,3}|-) (?:\d+|-) (?:\d+|-) "
_ELB = re.compile(rb"(" + _STAMP + rb") \S+ \S+ \S+ " + _TIMES + _CODES + _QUOTED)
_ALB = re.compile(
    rb"[a-z0-9]+ (" + _STAMP + rb") \S+ \S+ \S+ " + _TIMES + _CODES + _QUOTED + rb" " + _QUOTED + rb" \S+ \S+ \S+ " + _QUOTED
    # Older lines end here: they lack the request's own instant.
    + rb"(?: " + _QUOTED + rb" " + _QUOTED + rb" \S+ (" + _STAMP + rb"))?"
)


def elb(line: bytes) -> int | None:
    """When the request of this line came, in nanoseconds since 1970; None where it is no such line."""
    found = _ELB.match(line)
    return None if found is None else iso_ns(found[1])


def alb(line: bytes) -> int | None:
    """When the request of this line came, in nanoseconds since 1970; None where it is no such line."""
    found = _ALB.match(line)
    return None if found is None else iso_ns(found[2] or found[1])
