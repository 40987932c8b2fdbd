"""Idempotency keys."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.message import YES, Item, reason
from topology.node import Call, Context, Shelf
from topology.parameters import choice, count, duration
from topology.policy import NODE, NodePolicy

IN_WORK: Final = reason("its key is in use (409)")
STRIPE: Final = "Stripe API reference, Idempotent requests"
LEACH: Final = "Leach, Implementing Stripe-like Idempotency Keys in Postgres"


class Mark(Item):
    """What is known of one key: since when it is in work, or that it was done."""

    def __init__(self, at: i64, owner: i64) -> None:
        self.at: i64 = at
        self.owner: i64 = owner
        """The replica that has it in work; -1 when it was done."""


@mypyc_attr(allow_interpreted_subclasses=True)
class IdempotencyKey(NodePolicy):
    """Remembers which calls this node has done: the same call again is told yes at once, and nothing is done twice. One that
    comes while the first is still in work is refused (409), for its caller to try again; what failed may be done again.

    In a store that all replicas share it survives crashes, but a replica that dies in the middle of a call leaves its key
    locked for a while. In memory each replica knows only its own calls, and nothing after a crash.
    """

    on: ClassVar[str] = NODE
    kinds: ClassVar[tuple[str, ...]] = ("service",)
    watches: ClassVar[bool] = True
    recaller: ClassVar[bool] = True
    params: ClassVar[dict[str, Any]] = {
        "store": choice(
            "shared", "Where keys are kept: in a store of all replicas, or in each one's memory.", options=("shared", "memory")
        ),
        "keeps": duration("24h", "How long a key is remembered.", gt="0s", le="30d", source=STRIPE),
        "lock": duration("90s", "A key that has been in work for so long is free again.", gt="0s", le="1d", source=LEACH),
        "capacity": count(100_000, "How many keys are remembered; the oldest are forgotten first.", ge=1, le=10_000_000),
    }

    def configure(self, ctx: Context, values: dict[str, Any], name: str) -> None:
        self.shared: bool = values["store"] == "shared"
        self.keeps: i64 = values["keeps"]
        self.lock: i64 = values["lock"]
        self.capacity: int = values["capacity"]
        self.shelf = ctx.shelf("idempotency_key") if self.shared else Shelf()

    def reset(self) -> None:
        if not self.shared:
            self.shelf.rows = {}

    def recalls(self, ctx: Context, call: Call) -> bool:
        if call.undo:
            return False
        mark = self._mark(call)
        return mark is not None and mark.owner < 0 and ctx.now - mark.at < self.keeps

    def conflicts(self, ctx: Context, call: Call) -> int:
        if call.undo:
            return 0
        mark = self._mark(call)
        return IN_WORK if mark is not None and mark.owner >= 0 and ctx.now - mark.at < self.lock else 0

    def begun(self, ctx: Context, call: Call) -> None:
        if not call.undo:
            self._put(call, Mark(ctx.now, ctx.index))

    def ended(self, ctx: Context, call: Call, outcome: i64) -> None:
        """What was done is remembered; what failed, or was taken back, may be done again."""
        if call.undo:
            if outcome == YES:
                self._forget(call)
        elif outcome == YES:
            self._put(call, Mark(ctx.now, -1))
        else:
            mark = self._mark(call)
            if mark is not None and mark.owner == ctx.index:
                self._forget(call)

    def _key(self, call: Call) -> int:
        """The message, and by which link it came: another link asks for something else."""
        root: int = call.message.root
        return root * 128 + bit_number(call.reach.bit)

    def _mark(self, call: Call) -> Mark | None:
        found = self.shelf.rows.get(self._key(call))
        return found if isinstance(found, Mark) else None

    def _put(self, call: Call, mark: Mark) -> None:
        """The newest key is the last one; the oldest make room."""
        rows = self.shelf.rows
        key = self._key(call)
        if key in rows:
            del rows[key]
        rows[key] = mark
        if len(rows) > self.capacity:
            self._make_room(rows)

    def _make_room(self, rows: dict[int, Item | None]) -> None:
        """Forget the oldest keys, a few percent at once: finding the oldest of a table is not free."""
        oldest: list[int] = []
        for key in rows:
            oldest.append(key)
            if len(oldest) > self.capacity // 16:
                break
        for key in oldest:
            del rows[key]

    def _forget(self, call: Call) -> None:
        key = self._key(call)
        if key in self.shelf.rows:
            del self.shelf.rows[key]


def bit_number(bit: i64) -> int:
    """The number of a single bit, from 1; 0 for none."""
    n = 0
    while bit:
        bit = bit >> 1 & 0x7FFFFFFFFFFFFFFF
        n += 1
    return n
