"""Writing a file whole or not at all: a reader never sees half of it, and a failure leaves the old one as it was."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path


class WriteError(OSError):
    """A file that could not be written, and why, in one sentence."""


def write_whole(path: str | Path, content: str | bytes) -> None:
    """Write beside the target, flush to the disk, then take its place. Text becomes UTF-8 with plain line ends."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        # A link stays a link: what it points to is replaced. A device or pipe cannot be replaced and is written to.
        target = Path(os.path.realpath(path))
        if target.exists() and not target.is_file():
            _write_through(target, data)
        else:
            _write_beside(target, data)
    except OSError as error:
        raise WriteError(f"cannot write {path}: {_reason(error)}") from error


def _write_through(target: Path, data: bytes) -> None:
    with open(target, "wb") as stream:
        stream.write(data)


def _write_beside(target: Path, data: bytes) -> None:
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent)
    try:
        with open(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, _mode(target))
        os.replace(temporary, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def _mode(target: Path) -> int:
    """The old file's permissions, or those that a plain new file would get."""
    try:
        return target.stat().st_mode & 0o7777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "the folder does not exist"
    if isinstance(error, IsADirectoryError):
        return "it is a folder"
    return (error.strerror or str(error)).lower()
