"""Access logs of web servers, in the Common or Combined Log Format, as instants at which requests came."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterator
from datetime import datetime

LINE = re.compile(r'^\S+ \S+ .*?\[(\d{2}/[A-Za-z]{3}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4})\] "')
FORM = "%d/%b/%Y:%H:%M:%S %z"
MOST_LINES = 5_000_000
SECOND = 1_000_000_000


class Instants:
    """When each request came, in nanoseconds since the first, already made faster. `text` stands for it in digests."""

    def __init__(self, at_ns: list[int], faster: float) -> None:
        self.at_ns = at_ns
        self.text = f"log({len(at_ns)},{faster!r},{hashlib.sha256(repr(at_ns).encode()).hexdigest()[:16]})"
        span = at_ns[-1] / SECOND if at_ns else 0.0
        self.mean_rate = len(at_ns) / span if span > 0 else float(max(1, len(at_ns)))


def read_instants(path: str, faster: float) -> Instants:
    """Read a log, plain or .gz. A line that is none of a log's is refused with its number; ValueError says what is wrong.

    Logs have whole seconds only: requests of one second are spread evenly over it, in file order.
    """
    try:
        seconds = sorted(_seconds(path))
    except (OSError, EOFError, UnicodeDecodeError, gzip.BadGzipFile) as error:
        raise ValueError(f"the log {path} cannot be read: {error}") from error
    if not seconds:
        raise ValueError(f"the log {path} has no lines")
    first = seconds[0]
    spread: list[int] = []
    start = 0
    for i in range(1, len(seconds) + 1):
        if i == len(seconds) or seconds[i] != seconds[start]:
            n = i - start
            base = (seconds[start] - first) * SECOND
            spread.extend(round((base + SECOND * k // n) / faster) for k in range(n))
            start = i
    return Instants(spread, faster)


def _seconds(path: str) -> Iterator[int]:
    """Each line's instant, in seconds since 1970."""
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if number > MOST_LINES:
                raise ValueError(f"the log {path} has more than {MOST_LINES:,} lines; split it")
            yield _second(path, number, line)


def _second(path: str, number: int, line: str) -> int:
    found = LINE.match(line)
    if found is None:
        raise ValueError(
            f"{path}:{number}: not a line of an access log (Common or Combined Log Format): {line.strip()[:60]!r}"
        )
    try:
        return int(datetime.strptime(found[1], FORM).timestamp())
    except ValueError:
        raise ValueError(
            f"{path}:{number}: {found[1]!r} is no instant; expected such as 17/May/2015:10:05:03 +0000"
        ) from None
