"""Throttles: API gateways that let through so many calls."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.bucket import Bucket, Quota
from topology.message import REFUSED, TOO_MANY, reason
from topology.node import GATEWAY, Call, Context, Shelf
from topology.parameters import REQUIRED, choice, count, duration, group, rate
from topology.proxy import Proxy, owner_of

QUOTA_USED: Final = reason("quota used up (429)")
MOST_OWNERS: Final = 65_536
"""Buckets of more clients than so many are not kept; the one that was made first goes."""
QUOTAS: Final = "API Gateway Developer Guide, Amazon API Gateway quotas"


@mypyc_attr(allow_interpreted_subclasses=True)
class Throttle(Proxy):
    """An API gateway: lets calls through at a rate, with bursts, and answers the others at once with a 429. The limit holds for
    all together, or for each client, tenant or key. It holds no slot. Whom it calls and cannot reach is a 502, and who says
    nothing for too long a 504. All its replicas count together.
    """

    role: ClassVar[str] = GATEWAY
    params: ClassVar[dict[str, Any]] = {
        "rate": rate("10000/s", "Calls per second that it lets through in the long run.", gt="0/s", source=QUOTAS),
        "burst": count(
            5000, "The size of the token bucket: calls that it lets through at once after a rest.", ge=1, source=QUOTAS
        ),
        "by": choice(
            "all",
            "For whom the limit and the quota hold: for all calls together, or for each client, tenant or key alone.",
            options=("all", "client", "tenant", "key"),
        ),
        "quota": group(
            {
                "calls": count(REQUIRED, "Calls that it lets through in each stretch of time.", ge=1),
                "per": duration("1d", "How long a stretch lasts.", ge="1s", le="30d"),
            },
            "A limit on all calls of a day (or another stretch); left out: there is none.",
            short="calls",
        ),
        "timeout": duration(
            "29s",
            "Silence of whom it calls for so long is a 504.",
            ge="50ms",
            le="300s",
            source=QUOTAS,
        ),
    }

    def __init__(self) -> None:
        super().__init__()
        self.let_through: i64 = 0
        self.turned_away: i64 = 0

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.rate: float = float(values["rate"])
        self.burst: float = float(values["burst"])
        self.by: str = values["by"]
        quota = values["quota"]
        self.quota: i64 = 0 if quota is None else quota["calls"]
        self.per: i64 = 1 if quota is None else quota["per"]
        self.silence = values["timeout"]
        self.buckets: Shelf = ctx.shelf("buckets")
        self.quotas: Shelf = ctx.shelf("quotas")

    def on_message(self, ctx: Context, call: Call) -> None:
        code = self._verdict(ctx, owner_of(call.message, self.by))
        if code:
            self.turned_away += 1
            ctx.answer(call, REFUSED, code)
            return
        self.let_through += 1
        self.opened(ctx, call)
        ctx.send(0, call, call.message)

    def _verdict(self, ctx: Context, owner: int) -> int:
        """0 to let a call of this owner through, or why not. What the bucket turns away does not count for the quota."""
        buckets = self.buckets.rows
        bucket = buckets.get(owner)
        if not isinstance(bucket, Bucket):
            make_room(self.buckets)
            bucket = Bucket(self.burst, ctx.now)
            buckets[owner] = bucket
        if not bucket.grants(ctx.now, self.rate, self.burst):
            return TOO_MANY
        if self.quota == 0:
            return 0
        quota = self.quotas.rows.get(owner)
        if not isinstance(quota, Quota):
            make_room(self.quotas)
            quota = Quota()
            self.quotas.rows[owner] = quota
        return 0 if quota.grants(ctx.now, self.quota, self.per) else QUOTA_USED

    def gauges(self, ctx: Context) -> dict[str, float]:
        found = {"let through": float(self.let_through), "turned away": float(self.turned_away)}
        if self.by == "all":
            bucket = self.buckets.rows.get(0)
            if isinstance(bucket, Bucket):
                found["tokens"] = bucket.level(ctx.now, self.rate, self.burst)
        else:
            found["buckets"] = float(len(self.buckets.rows))
        return found


def make_room(shelf: Shelf) -> None:
    """Forget the oldest row where there are too many."""
    rows = shelf.rows
    if len(rows) >= MOST_OWNERS:
        for oldest in rows:
            del rows[oldest]
            return
