"""A file that is only ever appended to, each record with its length and checksum: what is in it outlives whoever wrote it.

A record that was being written when its writer died is left out when the file is read again. Space is taken in advance,
so that a full disk is met before a record is promised, and not in the middle of one.
"""

from __future__ import annotations

import asyncio
import errno
import os
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from struct import Struct
from typing import Final

NEVER: Final = "never"
BATCH: Final = "batch"
EVERY: Final = "every"
SYNCS: Final = (NEVER, BATCH, EVERY)
"""When what must last is forced onto the disk: never, which survives the death of the process but not that of the machine;
once for all that come meanwhile, before any of them is answered; or each by itself."""

HEAD: Final = Struct("<II")
"""Length and CRC-32 of the payload. A length of 0 is the end: space that was taken in advance is all zeros."""
LONGEST: Final = 1 << 24
STEP: Final = 1 << 20
"""So many bytes are taken in advance at a time."""
RESERVE: Final = 1 << 16
"""So many of them are kept for records that say that something is gone: these must not fail for want of space."""
FULL: Final = (errno.ENOSPC, errno.EDQUOT)


class DiskFull(OSError):
    """There is no space left for one more record."""


def whole_records(data: bytes) -> tuple[list[bytes], int]:
    """The payloads of all records up to the first that is not whole, and where that begins."""
    found, end = [], 0
    while end + HEAD.size <= len(data):
        length, check = HEAD.unpack_from(data, end)
        payload = data[end + HEAD.size : end + HEAD.size + length]
        if length == 0 or length > LONGEST or len(payload) < length or zlib.crc32(payload) != check:
            break
        found.append(payload)
        end += HEAD.size + length
    return found, end


def record(payload: bytes) -> bytes:
    """One record, as `whole_records` reads it."""
    return HEAD.pack(len(payload), zlib.crc32(payload)) + payload


class Journal:
    """The file. `quota` is how long it may get, in bytes, 0 for as long as the disk has room; `torn` what could not be read."""

    def __init__(self, path: Path, sync: str = NEVER, quota: int = 0) -> None:
        if sync not in SYNCS:
            raise ValueError(f"a journal is synced {', '.join(SYNCS)}, not {sync!r}")
        self.path = path
        self.policy = sync
        self.quota = quota
        self.file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.end = 0
        """Where the next record goes."""
        self.taken = os.fstat(self.file).st_size
        self.torn = 0
        self.waiting: list[Callable[[], None]] = []
        self.syncing: asyncio.Task[None] | None = None

    def read(self) -> list[bytes]:
        """Every whole record, and forget what comes after the last."""
        data = self.path.read_bytes()
        found, self.end = whole_records(data)
        self.torn = len(data[self.end :].rstrip(b"\0"))
        os.ftruncate(self.file, self.end)
        self.taken = self.end
        return found

    def room(self, size: int) -> bool:
        """Whether a payload of that size is sure to fit: its space is taken from now on."""
        need = self.end + HEAD.size + size + RESERVE
        if self.quota and need > self.quota:
            return False
        return need <= self.taken or self._take(need)

    def _take(self, need: int) -> bool:
        upto = max(need, self.taken + STEP)
        if self.quota:
            upto = max(need, min(upto, self.quota))
        try:
            while self.taken < upto:
                self.taken += os.pwrite(self.file, bytes(min(STEP, upto - self.taken)), self.taken)
        except OSError as error:
            if error.errno not in FULL:
                raise
            return need <= self.taken
        return True

    def append(self, payload: bytes, lasting: bool = False) -> None:
        """Write one record; with `lasting` onto the disk, where the policy is to do so at once. `DiskFull` without room."""
        whole = record(payload)
        if self.end + len(whole) > self.taken and not self._take(self.end + len(whole)):
            raise DiskFull(errno.ENOSPC, f"{self.path.name} has no space for one more record")
        # In one piece: one that was written in part has a wrong checksum, and the next writer begins there again.
        written = os.pwrite(self.file, whole, self.end)
        if written < len(whole):
            raise DiskFull(errno.ENOSPC, f"{self.path.name} was written in part")
        self.end += written
        if lasting and self.policy == EVERY:
            os.fdatasync(self.file)

    def when_safe(self, then: Callable[[], None]) -> None:
        """Do something once everything that was appended is as safe as the policy says: at once, or after the next sync."""
        if self.policy != BATCH:
            then()
            return
        self.waiting.append(then)
        if self.syncing is None:
            self.syncing = asyncio.get_running_loop().create_task(self._sync())

    async def _sync(self) -> None:
        try:
            while self.waiting:
                batch, self.waiting = self.waiting, []
                file = os.dup(self.file)  # the journal may be written anew meanwhile
                try:
                    await asyncio.to_thread(os.fdatasync, file)
                finally:
                    os.close(file)
                for then in batch:
                    then()
        finally:
            self.syncing = None

    def rewrite(self, payloads: Iterable[bytes]) -> None:
        """Put these records in the place of all that there are: wholly, or not at all. `DiskFull` when they do not fit."""
        beside = self.path.with_name(f"{self.path.name}.part")
        file = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            end = 0
            for payload in payloads:
                whole = record(payload)
                if os.pwrite(file, whole, end) < len(whole):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                end += len(whole)
            if self.policy != NEVER:
                os.fdatasync(file)
            os.replace(beside, self.path)
        except OSError as error:
            os.close(file)
            beside.unlink(missing_ok=True)
            if error.errno not in FULL:
                raise
            raise DiskFull(error.errno, f"there is no space to write {self.path.name} anew") from None
        os.close(self.file)
        self.file, self.end, self.taken = file, end, end

    def close(self) -> None:
        """Close the file; what waits for a sync is never told."""
        if self.syncing is not None:
            self.syncing.cancel()
        os.close(self.file)
