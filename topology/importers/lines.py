"""Lines of a file of any size, plain or .gz, in bounded memory."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from typing import IO, Final

BLOCK: Final = 1 << 18
LONGEST: Final = 1 << 16
"""Bytes of one line; the rest of a longer one is not looked at."""


def blocks_of_lines(path: str) -> Iterator[list[bytes]]:
    """The lines without their ends, some thousands at a time; ValueError where the file cannot be read."""
    try:
        with _opened(path) as stream:
            yield from _split(stream)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"the log {path} cannot be read: {error}") from error


def _opened(path: str) -> IO[bytes] | gzip.GzipFile:
    return gzip.open(path, "rb") if path.endswith(".gz") else open(path, "rb")


def _split(stream: IO[bytes] | gzip.GzipFile) -> Iterator[list[bytes]]:
    rest = stream.read(BLOCK).removeprefix(b"\xef\xbb\xbf")
    while block := stream.read(BLOCK):
        lines = (rest + block).split(b"\n")
        rest = lines.pop()[: LONGEST + 1]
        if lines:
            yield lines
    if rest:
        lines = rest.split(b"\n")
        yield lines[:-1] if lines[-1] == b"" else lines
