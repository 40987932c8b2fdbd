"""What travels and what is remembered of it: messages with their answer and work, and the tallies that count them."""

from __future__ import annotations

from typing import Any, Final

from mypy_extensions import i64, mypyc_attr

from topology.histogram import Histogram

NONE: Final = 0
YES: Final = 1
REFUSED: Final = 2
ERROR: Final = 3
SILENT: Final = 4
"""Outcomes: open; yes; turned away without starting; an error; no answer in time."""

UNANSWERED: Final = 0
WAITING: Final = 1
SERVED: Final = 2
LATE: Final = 3
TURNED_AWAY: Final = 4
FAILED: Final = 5
LOST: Final = 6
DEAD: Final = 7
"""Fates. A message has exactly one at any instant; UNANSWERED and WAITING are both "in the system"."""

_words: list[str] = [""]
_codes: dict[str, int] = {"": 0}
_lasting: set[int] = set()


def reason(words: str) -> int:
    """The code of a reason, made on first use; a kind or policy asks for its reasons when its module is loaded."""
    code = _codes.get(words)
    if code is None:
        code = len(_words)
        _words.append(words)
        _codes[words] = code
    return code


def lasting(words: str) -> int:
    """As `reason`, of a failure that another attempt will meet again: nobody who knows it tries once more."""
    code = reason(words)
    _lasting.add(code)
    return code


def lasts(code: int) -> bool:
    """Whether another attempt would fail for the same reason."""
    return (code & 0xFFFF) in _lasting


def reason_words(code: int) -> str:
    """The words of a reason's code."""
    return _words[code & 0xFFFF]


REFUSED_CONNECTION: Final = reason("connection refused")
RESET: Final = reason("connection reset")
TIMEOUT: Final = reason("no answer in time")
GAVE_UP: Final = reason("the customer gave up waiting")
FAILED_WORK: Final = reason("error")
CRASHED: Final = reason("crashed in memory")
WIRE: Final = reason("lost on the wire")
UNROUTED: Final = reason("nothing carries it")
EXPIRED: Final = reason("retention ended")
GONE: Final = reason("nobody there")
TOO_MANY: Final = reason("too many requests (429)")
POISON: Final = lasting("it can never be worked on (poison message)")
UNMATCHED: Final = reason("no rule or filter lets it pass (unmatched)")


@mypyc_attr(acyclic=True, allow_interpreted_subclasses=True)
class Item:
    """The base of whatever a timer or a hop can be about."""


class Reach:
    """What a message of one flow can still get done behind one link: the parts, and the callee's own part, if any."""

    def __init__(self, parts: list[int], part: int, bit: int) -> None:
        self.parts: list[i64] = [p for p in parts]
        mask = 0
        for p in parts:
            mask |= 1 << p
        self.mask: i64 = mask
        self.part: i64 = part
        self.part_bit: i64 = 1 << part if part >= 0 else 0
        self.bit: i64 = bit
        """One bit for each pair of required node and incoming link: what tells a duplicate."""


class Codes:
    """Counts by reason code. Reasons come in runs, so the run of the last one is counted apart."""

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}
        self.last: i64 = 0
        self.run: i64 = 0

    def add(self, code: i64) -> None:
        """Count one."""
        if code != self.last:
            self.all()
            self.last = code
        self.run += 1

    def all(self) -> dict[int, int]:
        """Every count so far."""
        if self.run > 0:
            key: int = self.last
            self.counts[key] = self.counts.get(key, 0) + self.run
            self.run = 0
        return self.counts

    def merge(self, other: Codes) -> None:
        """Add the counts of another."""
        for code, n in other.all().items():
            self.counts[code] = self.counts.get(code, 0) + n


class Tally:
    """What became of the messages of one flow that were offered in one era. Counts are exact.

    The fates add up: offered = unanswered + waiting + served + late + refused + failed + lost + dead_lettered.
    """

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.offered: i64 = 0
        self.unanswered: i64 = 0
        self.waiting: i64 = 0
        self.served: i64 = 0
        self.late: i64 = 0
        self.refused: i64 = 0
        self.failed: i64 = 0
        self.lost: i64 = 0
        self.dead_lettered: i64 = 0
        self.yes_late: i64 = 0
        self.done: i64 = 0
        self.done_after_no: i64 = 0
        self.half_done: i64 = 0
        self.degraded: i64 = 0
        self.duplicates: i64 = 0
        self.attempts: i64 = 0
        self.wasted_ns: int = 0
        self.latency = Histogram()
        self.latency_no = Histogram()
        self.completion = Histogram()
        self.staleness = Histogram()
        """From a yes to the end of the work, where the work ended after the yes: the price of decoupling."""
        self.codes = Codes()

    @property
    def in_system(self) -> int:
        """Messages not yet answered, or told yes with work still to do."""
        return self.unanswered + self.waiting

    @property
    def reasons(self) -> dict[str, int]:
        """Why messages were told no, lost or dead-lettered, with the node it came from."""
        return name_reasons(self.codes.all(), self.names)

    def count_reason(self, code: int) -> None:
        """Count one more message that ended for a reason."""
        self.codes.add(code)

    def shift(self, fate: int, by: int) -> None:
        """Add `by` to the count of one fate."""
        if fate == WAITING:
            self.waiting += by
        elif fate == SERVED:
            self.served += by
        elif fate == UNANSWERED:
            self.unanswered += by
        elif fate == FAILED:
            self.failed += by
        elif fate == TURNED_AWAY:
            self.refused += by
        elif fate == LATE:
            self.late += by
        elif fate == LOST:
            self.lost += by
        else:
            self.dead_lettered += by

    def merge(self, other: Tally) -> None:
        """Add another tally of the same flow, histograms included."""
        self.offered += other.offered
        self.unanswered += other.unanswered
        self.waiting += other.waiting
        self.served += other.served
        self.late += other.late
        self.refused += other.refused
        self.failed += other.failed
        self.lost += other.lost
        self.dead_lettered += other.dead_lettered
        self.yes_late += other.yes_late
        self.done += other.done
        self.done_after_no += other.done_after_no
        self.half_done += other.half_done
        self.degraded += other.degraded
        self.duplicates += other.duplicates
        self.attempts += other.attempts
        self.wasted_ns += other.wasted_ns
        self.latency.merge(other.latency)
        self.latency_no.merge(other.latency_no)
        self.completion.merge(other.completion)
        self.staleness.merge(other.staleness)
        self.codes.merge(other.codes)


def name_reasons(codes: dict[int, int], names: list[str]) -> dict[str, int]:
    """Reason codes in words, most frequent first: "inventory: connection refused"."""
    found: dict[str, int] = {}
    for code, n in codes.items():
        where = code >> 16
        words = reason_words(code)
        key = f"{names[where - 1]}: {words}" if where else words
        found[key] = found.get(key, 0) + n
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


class Flow:
    """What one producer offers in one design: the parts of the work that each message sets off, and its tallies."""

    def __init__(self, index: int, producer: str, parts: list[str], root: int, names: list[str], grid_ns: int) -> None:
        self.index: i64 = index
        self.producer = producer
        self.parts = parts
        self.all: i64 = (1 << len(parts)) - 1
        self.many = len(parts) > 1
        self.root: i64 = root
        self.names = names
        self.grid_ns: i64 = grid_ns
        self.tally = Tally(names)
        self.tallies = [self.tally]
        self.clients: i64 = 64
        """How many clients its messages come from in turn, for what tells clients apart."""
        self.inside = False
        """Whether a node inside offers its messages, and no customer."""
        self.keyed = False
        """Whether its messages are about something: then key 0 is one of the keys, and else it says that there is none."""
        self.total_offered: i64 = 0
        self.total_yes: i64 = 0
        self.total_no: i64 = 0
        self.total_done: i64 = 0
        self.open: i64 = 0
        """Holds of all messages together: nothing more can happen to this flow once it is 0."""
        self.moved_from: i64 = -1
        self.moved_era: i64 = -1
        self.waiting: i64 = 0
        self.waits: list[i64] = []
        """Of the messages told yes whose work waits, how many were born in each step of the grid."""
        self.waits_from: i64 = 0
        """The number of the first of these steps."""

    def mark(self) -> None:
        """Begin a new era: messages offered from now on are counted there."""
        self.tally = Tally(self.names)
        self.tallies.append(self.tally)

    def wait_begins(self, born: i64) -> None:
        """A message told yes has work that waits: remember how old it is, by the grid."""
        tick: i64 = born // self.grid_ns
        if self.waiting == 0:
            self.waits = []
            self.waits_from = tick
        self.waiting += 1
        at: i64 = tick - self.waits_from
        if at < 0:
            self._reach_back(tick)
            at = 0
        waits = self.waits
        while len(waits) <= at:
            waits.append(0)
        waits[at] = waits[at] + 1

    def _reach_back(self, tick: i64) -> None:
        """A message waits that is older than all others."""
        earlier: list[i64] = []
        while tick + len(earlier) < self.waits_from:
            earlier.append(0)
        self.waits = earlier + self.waits
        self.waits_from = tick

    def wait_ends(self, born: i64) -> None:
        """Its work is done, or never will be."""
        at: i64 = born // self.grid_ns - self.waits_from
        self.waiting -= 1
        waits = self.waits
        waits[at] = waits[at] - 1

    def oldest_ns(self, now: i64) -> int:
        """The age of the oldest message told yes whose work waits; 0 when none waits."""
        if self.waiting == 0:
            return 0
        waits = self.waits
        at: i64 = 0
        while waits[at] == 0:
            at += 1
        if at > 64:
            del waits[:at]
            self.waits_from += at
            at = 0
        return now - (self.waits_from + at) * self.grid_ns


class Mix(Item):
    """One sort of message that a producer offers: what all messages of that sort have in common."""

    def __init__(self, name: str, weight: float, size: i64, priority: i64, attributes: dict[str, Any], body: Any) -> None:
        self.name = name
        self.weight = weight
        self.size: i64 = size
        """In bytes."""
        self.priority: i64 = priority
        """From 0, the least important, up."""
        self.attributes = attributes
        self.body = body


@mypyc_attr(acyclic=True, free_list_len=1)
class Message(Item):
    """One message that a producer offers: the root of all calls, copies and entries that it sets off.

    `born` is the intended instant, `deadline` the instant up to which a yes is in time. `live` counts the holds that can
    still do the only part of a flow of one part; flows of several parts count each in `lives`. `mix` is its sort, `key` what it
    is about (an item, an account) and `tenant` whose it is; a producer that declares none of them leaves 0. `skew` is by how much
    the clock of its producer was off.
    """

    # The compiled object keeps this order. What each step of a message's way looks at stands together: a record that waits
    # in a stream is out of the processor's caches when it is read, and every other line of memory costs as much as the work.
    flow: Flow
    holds: i64 = 1
    live: i64 = 1
    lives: list[i64] | None = None
    late: bool = False
    half: bool = False
    unwelcome: bool = False
    degraded: bool = False
    tally: Tally
    born: i64
    answer: i64 = NONE
    answered: i64 = 0
    fate: i64 = UNANSWERED
    done: i64 = 0
    seen: i64 = 0
    lost: i64 = 0
    dead: i64 = 0
    visited: i64 = 0
    root: i64
    key: i64 = 0
    mix: Mix | None = None
    n: i64
    deadline: i64
    era: i64
    before: Message | None = None
    behind: Message | None = None
    pending: Item | None = None
    reason: int = 0
    deads: dict[int, int] | None = None
    again: i64 = -1
    agains: i64 = 0
    visits: dict[int, int] | None = None
    step: i64 = 0
    priority: i64 = 0
    tenant: i64 = 0
    skew: i64 = 0

    def __init__(self, flow: Flow, n: i64, root: i64, born: i64, deadline: i64) -> None:
        self.flow = flow
        self.tally = flow.tally
        self.era = len(flow.tallies) - 1
        self.n = n
        self.root = root
        self.born = born
        self.deadline = deadline
