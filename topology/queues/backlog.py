"""What a queue keeps and in which order it delivers that: as it comes, in message groups, or fairly among tenants."""

from __future__ import annotations

import heapq
from typing import Final

from mypy_extensions import i64, mypyc_attr

from topology.chain import Chain, Knot
from topology.node import Call, Timer

READY: Final = 0
FLYING: Final = 1
DELAYED: Final = 2
"""States of an entry: visible, received and not yet deleted, not yet visible for the first time."""
BY: Final = ("one", "key", "tenant", "message")
"""What a message group may be made of: all messages, those about one thing, those of one tenant, each message."""
FEW: Final = 30
"""A tenant with fewer messages in flight is not noisy for their number."""
PART: Final = 10
"""A tenant is noisy with more than one in so many of the messages in flight, or of the recent processing time."""
SILENCE: Final = 300_000_000_000
"""A tenant that sends nothing for so long is noisy no more."""
MINUTE: Final = 60_000_000_000
MOST_TENANTS: Final = 65_536


class Entry(Knot):
    """One message in a queue. `since` is when it was first enqueued: a standard dead-letter queue keeps it for its retention."""

    def __init__(self, call: Call, since: i64) -> None:
        self.call: Call = call
        self.since: i64 = since
        self.received: i64 = 0
        self.delivered: i64 = -1
        """The instant of its latest delivery."""
        self.state: i64 = READY
        self.gone = False
        self.buried = False
        self.copied = False
        """Whether it was deleted once, and a copy of it was not."""
        self.source = ""
        self.receipt: Call | None = None
        self.hidden: Timer | None = None
        """What makes it visible: the end of its visibility timeout or of its delay."""
        self.seq: i64 = 0
        """Its place in the order of its group; no matter where there are no groups."""
        self.group: MessageGroup | None = None
        self.scanned = False


@mypyc_attr(allow_interpreted_subclasses=True)
class Backlog:
    """What is visible in a standard queue, in the order in which it became so."""

    def __init__(self) -> None:
        self.visible = Chain()
        self.count: i64 = 0
        """How many entries are visible."""

    def show(self, entry: Entry, ahead: i64) -> None:
        """One is visible (again), at the end; or it overtakes so many of those that stand there."""
        visible = self.visible
        before = visible.last
        while ahead > 0 and before is not None:
            before = before.before
            ahead -= 1
        visible.put_after(before, entry)
        self.count += 1

    def hide(self, entry: Entry) -> None:
        """One is visible no more."""
        self.visible.take_out(entry)
        self.count -= 1

    def take(self, now: i64, latest: Entry | None) -> Entry | None:
        """Hide and give the one to deliver next, if any; `latest` is what the same receive got before it."""
        entry = self.visible.first
        if entry is None:
            return None
        assert isinstance(entry, Entry)
        self.hide(entry)
        return entry

    def clear(self) -> None:
        """Take everything apart."""
        self.visible.clear()

    # What a queue without groups need not be told

    def enter(self, entry: Entry, now: i64) -> None:
        """One more is kept, visible or not."""

    def leave(self, entry: Entry) -> None:
        """One is kept no more."""

    def fly(self, entry: Entry, now: i64) -> None:
        """One is in flight."""

    def land(self, entry: Entry, now: i64) -> None:
        """It is in flight no more."""

    def offers(self, now: i64) -> bool:
        """Whether there is anything to deliver."""
        return self.count > 0

    def held_back(self) -> int:
        """How many groups are kept from delivery now: locked ones, or tenants that are noisy."""
        return 0

    def parts(self) -> dict[str, dict[str, float]]:
        """What is worth a look among the groups."""
        return {}


class MessageGroup:
    """The messages of one group (of one tenant) in one queue: those that are visible, in order, and how many are not."""

    def __init__(self, number: i64) -> None:
        self.number: i64 = number
        self.ready = Chain()
        self.kept: i64 = 0
        self.flying: i64 = 0
        self.listed: i64 = -1
        """The place of its first visible entry, under which it is listed among the groups to deliver from; -1: it is not."""
        self.noisy = False
        self.sent: i64 = 0
        self.spent = Spent()

    def first(self) -> Entry | None:
        """Its first visible entry."""
        entry = self.ready.first
        if entry is None:
            return None
        assert isinstance(entry, Entry)
        return entry


class Spent:
    """Processing time in this minute and the one before it."""

    def __init__(self) -> None:
        self.minute: i64 = 0
        self.current: int = 0
        self.previous: int = 0

    def add(self, now: i64, length: i64) -> None:
        """So much more, in nanoseconds."""
        self.recent(now)
        self.current += length

    def recent(self, now: i64) -> int:
        """All of it."""
        minute: i64 = now // MINUTE
        if minute != self.minute:
            self.previous = self.current if minute == self.minute + 1 else 0
            self.current = 0
            self.minute = minute
        return self.current + self.previous


@mypyc_attr(allow_interpreted_subclasses=True)
class Grouped(Backlog):
    """What is visible, by groups. The group whose first entry is the oldest comes first, of those that it may deliver from."""

    def __init__(self, by: str) -> None:
        super().__init__()
        self.by: i64 = BY.index(by)
        self.groups: dict[int, MessageGroup] = {}
        self.heads: list[tuple[int, int, MessageGroup]] = []
        """A heap of (place of the first visible entry, number of this row, group); rows may be out of date."""
        self.rows: int = 0
        self.seqs: i64 = 0

    def may_deliver(self, group: MessageGroup) -> bool:
        """Whether a group that has visible entries is one of those that are delivered from in their order."""
        return True

    def enter(self, entry: Entry, now: i64) -> None:
        number = group_number(entry.call, self.by)
        group = self.groups.get(number)
        if group is None:
            group = MessageGroup(number)
            self.groups[number] = group
        group.kept += 1
        entry.group = group

    def show(self, entry: Entry, ahead: i64) -> None:
        group = group_of(entry)
        ready = group.ready
        before = ready.last
        while before is not None:
            assert isinstance(before, Entry)
            if before.seq <= entry.seq:
                break
            before = before.before
        while ahead > 0 and before is not None:
            assert isinstance(before, Entry)
            entry.seq = before.seq - 1
            before = before.before
            ahead -= 1
        ready.put_after(before, entry)
        self.count += 1
        self.list(group)

    def hide(self, entry: Entry) -> None:
        group_of(entry).ready.take_out(entry)
        self.count -= 1

    def list(self, group: MessageGroup) -> None:
        """List a group by its first visible entry, if it may be delivered from."""
        first = group.first()
        if first is not None and group.listed != first.seq and self.may_deliver(group):
            self.rows += 1
            group.listed = first.seq
            heapq.heappush(self.heads, (int(first.seq), self.rows, group))

    def front(self) -> MessageGroup | None:
        """The group to deliver from next; rows that are out of date go."""
        heads = self.heads
        while heads:
            seq, _, group = heads[0]
            if group.listed == seq:
                first = group.first()
                if first is not None and first.seq == group.listed and self.may_deliver(group):
                    return group
                group.listed = -1
            heapq.heappop(heads)
            if group.listed < 0:
                self.list(group)
        return None

    def take(self, now: i64, latest: Entry | None) -> Entry | None:
        group = self.front()
        if group is None:
            return None
        entry = group.first()
        assert entry is not None
        self.hide(entry)
        self.list(group)
        return entry

    def offers(self, now: i64) -> bool:
        return self.front() is not None

    def clear(self) -> None:
        for group in self.groups.values():
            group.ready.clear()
        self.groups.clear()
        self.heads.clear()


@mypyc_attr(allow_interpreted_subclasses=True)
class Fifo(Grouped):
    """Strict order in each group: while one of a group is in flight, nothing more of that group is delivered.

    Only the groups of the first so many messages kept (`scans`) are looked at.
    """

    def __init__(self, by: str, scans: i64) -> None:
        super().__init__(by)
        self.scans: i64 = scans
        self.within: i64 = 0
        """How many entries are among the first ones."""
        self.beyond: list[Entry] = []
        self.next: i64 = 0
        self.locked: i64 = 0

    def may_deliver(self, group: MessageGroup) -> bool:
        first = group.first()
        return group.flying == 0 and first is not None and first.scanned

    def enter(self, entry: Entry, now: i64) -> None:
        super().enter(entry, now)
        self.seqs += 1
        entry.seq = self.seqs
        if self.within < self.scans:
            self.within += 1
            entry.scanned = True
        else:
            self.beyond.append(entry)

    def leave(self, entry: Entry) -> None:
        group = group_of(entry)
        group.kept -= 1
        if group.kept == 0:
            del self.groups[group.number]
        if entry.scanned:
            self.within -= 1
            self._scan()

    def _scan(self) -> None:
        """Look further, where there is room among the first ones."""
        beyond = self.beyond
        while self.within < self.scans and self.next < len(beyond):
            entry = beyond[self.next]
            self.next += 1
            if not entry.gone:
                self.within += 1
                entry.scanned = True
                self.list(group_of(entry))
        if self.next > 64 and self.next * 2 > len(beyond):
            del beyond[: self.next]
            self.next = 0

    def take(self, now: i64, latest: Entry | None) -> Entry | None:
        if latest is not None:
            group = group_of(latest)
            entry = group.first()
            if entry is not None and entry.scanned:
                self.hide(entry)
                return entry
        return super().take(now, latest)

    def fly(self, entry: Entry, now: i64) -> None:
        group = group_of(entry)
        group.flying += 1
        if group.flying == 1:
            self.locked += 1

    def land(self, entry: Entry, now: i64) -> None:
        group = group_of(entry)
        group.flying -= 1
        if group.flying == 0:
            self.locked -= 1
            self.list(group)

    def held_back(self) -> int:
        return self.locked


@mypyc_attr(allow_interpreted_subclasses=True)
class Fair(Grouped):
    """The oldest first, and what belongs to noisy tenants only when no quiet one waits.

    A tenant is noisy with many messages in flight at once, or much of the recent processing time. Of several noisy ones,
    whoever has the fewest in flight comes first.
    """

    def __init__(self, by: str) -> None:
        super().__init__(by)
        self.flying: i64 = 0
        self.spent = Spent()
        self.noisy: list[MessageGroup] = []
        self.most: int = MOST_TENANTS

    def may_deliver(self, group: MessageGroup) -> bool:
        return not group.noisy

    def enter(self, entry: Entry, now: i64) -> None:
        if len(self.groups) >= self.most:
            self._forget_idle()
        super().enter(entry, now)
        group_of(entry).sent = now

    def _forget_idle(self) -> None:
        """Tenants with nothing here are forgotten, and with them how much of the processing time was theirs."""
        self.groups = {number: group for number, group in self.groups.items() if group.kept > 0}
        self.most = max(MOST_TENANTS, 2 * len(self.groups))

    def leave(self, entry: Entry) -> None:
        group_of(entry).kept -= 1

    def show(self, entry: Entry, ahead: i64) -> None:
        self.seqs += 1
        entry.seq = self.seqs
        super().show(entry, ahead)

    def take(self, now: i64, latest: Entry | None) -> Entry | None:
        if self.noisy:
            self._calm(now)
        entry = super().take(now, latest)
        if entry is None:
            found: MessageGroup | None = None
            for group in self.noisy:
                if group.ready.first is not None and (found is None or group.flying < found.flying):
                    found = group
            if found is not None:
                entry = found.first()
                assert entry is not None
                self.hide(entry)
                if found.ready.first is None:
                    self._calm(now)
        return entry

    def _calm(self, now: i64) -> None:
        """Tenants whose backlog is worked off, or who have sent nothing for long, are as any other."""
        for group in list(self.noisy):
            if group.ready.first is None or now - group.sent >= SILENCE:
                group.noisy = False
                self.noisy.remove(group)
                self.list(group)

    def _judge(self, group: MessageGroup, now: i64) -> None:
        if group.noisy or group.ready.first is None or now - group.sent >= SILENCE:
            return
        many = group.flying >= FEW and group.flying * PART > self.flying
        if many or group.spent.recent(now) * PART > self.spent.recent(now):
            group.noisy = True
            self.noisy.append(group)

    def fly(self, entry: Entry, now: i64) -> None:
        group = group_of(entry)
        group.flying += 1
        self.flying += 1
        self._judge(group, now)

    def land(self, entry: Entry, now: i64) -> None:
        group = group_of(entry)
        group.flying -= 1
        self.flying -= 1
        group.spent.add(now, now - entry.delivered)
        self.spent.add(now, now - entry.delivered)
        self._judge(group, now)

    def offers(self, now: i64) -> bool:
        return self.count > 0

    def held_back(self) -> int:
        return len(self.noisy)

    def parts(self) -> dict[str, dict[str, float]]:
        return {
            f"noisy tenant {group.number}": {
                "waiting": float(group.kept - group.flying),
                "in flight": float(group.flying),
            }
            for group in self.noisy
        }

    def clear(self) -> None:
        super().clear()
        self.noisy.clear()


def group_of(entry: Entry) -> MessageGroup:
    """The group of an entry that is kept in groups."""
    group = entry.group
    assert group is not None
    return group


def group_number(call: Call, by: i64) -> int:
    """The group of what a call carries."""
    message = call.message
    if by == 1:
        return message.key
    if by == 2:
        return message.tenant
    if by == 3:
        return message.root
    return 0
