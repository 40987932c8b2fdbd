"""Fair queueing between tenants."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.message import reason
from topology.node import Call, Context
from topology.parameters import REQUIRED, count, number, table
from topology.policy import NODE, NodePolicy
from topology.queues.waiting import Divided, Waiting

TOO_MANY: Final = reason("too many calls of one tenant wait")
PAGE: Final = "Shreedhar and Varghese, Efficient Fair Queuing using Deficit Round Robin (SIGCOMM 1995)"


class Turns(Divided):
    """Tenants take turns (deficit round robin): each turn gives a tenant its weight, each call costs one."""

    def __init__(self, weights: dict[int, float]) -> None:
        super().__init__()
        self.weights = weights
        self.order: list[int] = []
        """The tenants that wait, in turn; the first is at its turn."""
        self.credit: dict[int, float] = {}
        """What is left of a waiting tenant's turns; whoever does not wait saves up nothing."""

    def class_of(self, call: Call) -> int:
        return call.message.tenant

    def waiting_of(self, call: Call) -> i64:
        """How many calls of the same tenant wait."""
        line = self.lines.get(self.class_of(call))
        return 0 if line is None else line.count

    def add(self, call: Call) -> None:
        tenant: int = call.message.tenant
        super().add(call)
        if tenant not in self.credit:
            if not self.order:
                self.credit[tenant] = self._weight(tenant)
            else:
                self.credit[tenant] = 0.0
            self.order.append(tenant)

    def _weight(self, tenant: int) -> float:
        return self.weights.get(tenant, 1.0)

    def take(self, now: i64) -> Call | None:
        if self.count == 0:
            return None
        while self.credit[self.order[0]] < 1.0:
            self.order.append(self.order.pop(0))
            tenant = self.order[0]
            self.credit[tenant] += self._weight(tenant)
        tenant = self.order[0]
        self.credit[tenant] -= 1.0
        return self._taken(self.lines[tenant].oldest)

    def remove(self, call: Call) -> None:
        tenant: int = call.message.tenant
        super().remove(call)
        if self.lines[tenant].count == 0:
            first = self.order[0] == tenant
            self.order.remove(tenant)
            del self.credit[tenant]
            del self.lines[tenant]
            if first and self.order:
                self.credit[self.order[0]] += self._weight(self.order[0])

    def clear(self) -> None:
        super().clear()
        self.lines = {}
        self.order = []
        self.credit = {}

    def take_victim(self, newcomer: Call) -> Call | None:
        """The oldest of whoever has most calls waiting."""
        longest: i64 = 0
        found: Call | None = None
        for tenant in self.order:
            line = self.lines[tenant]
            if line.count > longest:
                longest = line.count
                found = line.oldest
        return self._taken(found)


@mypyc_attr(allow_interpreted_subclasses=True)
class FairQueue(NodePolicy):
    """Tenants that wait for a slot are served in turn, each by its weight, so that a noisy one delays only itself.

    A full queue is full for all: bound each tenant's calls with `limit`, or let `queue: {when_full: drop_oldest}` drop the
    oldest of whoever has most waiting.
    """

    on: ClassVar[str] = NODE
    kinds: ClassVar[tuple[str, ...]] = ("service",)
    params: ClassVar[dict[str, Any]] = {
        "limit": count(None, "How many calls of one tenant may wait; without it any number.", ge=0, le=10_000_000),
        "weights": table(
            {
                "tenant": count(REQUIRED, "The tenant's number.", ge=0, le=1_000_000),
                "weight": number(REQUIRED, "Its calls in each turn.", ge=0.01, le=1000),
            },
            "Tenants, by names of your own, that get more or less than one call in each turn.",
        ),
    }

    def configure(self, ctx: Context, values: dict[str, Any], name: str) -> None:
        limit = values["limit"]
        self.most: i64 = -1 if limit is None else limit
        rows = values["weights"]
        self.turns = Turns({} if rows is None else {row["tenant"]: float(row["weight"]) for row in rows.values()})

    def line(self) -> Waiting | None:
        return self.turns

    def admit(self, ctx: Context, call: Call, busy: i64, slots: i64, queued: i64) -> int:
        if self.most < 0 or busy < slots:
            return 0
        return TOO_MANY if self.turns.waiting_of(call) >= self.most else 0
