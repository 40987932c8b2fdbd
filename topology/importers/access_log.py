"""Access logs of web servers, in the Common or the Combined Log Format (Apache, nginx and others)."""

from __future__ import annotations

import re
from typing import Final

from topology.importers.stamps import common_ns

COMMON_WORDS: Final = "a line of an access log (Common or Combined Log Format)"
COMBINED_WORDS: Final = "a line of an access log (Combined Log Format, which ends with referer and user agent)"

_QUOTED = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_STAMP = rb"\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}"
_COMMON = re.compile(rb"\S+ \S+ .*?\[(" + _STAMP + rb")\] " + _QUOTED + rb" (?:\d{3}|-) (?:\d+|-)(?!\S)")
_COMBINED = re.compile(_COMMON.pattern + rb" " + _QUOTED + rb" " + _QUOTED)


def common(line: bytes) -> int | None:
    """When the request of this line came, in nanoseconds since 1970; None where it is no such line."""
    found = _COMMON.match(line)
    return None if found is None else common_ns(found[1])


def combined(line: bytes) -> int | None:
    """As `common`, where referer and user agent must be there, too."""
    found = _COMBINED.match(line)
    return None if found is None else common_ns(found[1])
