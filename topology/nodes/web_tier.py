"""Web tiers: servers that take connections, answer some requests from disk and pass the others on."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.chance import Dice
from topology.dist import Dist
from topology.listening import Listening, listen_params
from topology.message import YES
from topology.node import Call, Context
from topology.nodes.service import Service
from topology.parameters import REQUIRED, count, dist, duration, group, share
from topology.proxy import connection_of

CORE: Final = "nginx documentation, Core functionality"
HTTP: Final = "nginx documentation, Module ngx_http_core_module"


@mypyc_attr(allow_interpreted_subclasses=True)
class WebTier(Listening):
    """An event-driven web server: many connections, few cores. A client's connection is kept open, and a new one costs a
    handshake; so after a restart all who come back pay at once. A share of the requests is static, answered by itself without
    calling anybody; the others go on to what it depends on.
    """

    like: ClassVar[str] = "service"
    shields: ClassVar[bool] = True
    params: ClassVar[dict[str, Any]] = {
        **Service.params,
        "slots": count(
            512, "Connections that one replica holds, idle ones that are kept open included.", ge=1, le=100_000, source=CORE
        ),
        "cores": count(1, "Requests that one replica computes at once.", ge=1, le=1000, source=CORE),
        "takes": dist("1ms", "Its own work for a request that it passes on."),
        **listen_params(511, HTTP),
        "static": group(
            {
                "share": share(REQUIRED, "The share of requests for what lies on its disk."),
                "takes": dist("0.2ms", "The work for one of them."),
            },
            "Requests that it answers by itself; left out: none.",
            short="share",
        ),
        "keep_alive": duration(
            "75s", "How long an idle connection is kept open.", ge="0s", le="1h", source=HTTP
        ),
        "handshake": dist("2ms", "The work for a new connection (TLS)."),
    }

    def __init__(self) -> None:
        super().__init__()
        self.until: dict[int, int] = {}
        """Until when each client's connection is kept open, the one that was used least recently first."""
        self.handshakes: i64 = 0

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        static = values["static"]
        self.static: float = 0.0 if static is None else static["share"]
        self.static_takes: Dist | None = None if static is None else static["takes"]
        self.keep_alive: i64 = values["keep_alive"]
        self.handshake: Dist = values["handshake"]
        self.static_dice: Dice = ctx.dice("static")
        self.hand_dice: Dice = ctx.dice("handshakes")
        super().configure(ctx, values, policies)

    def on_crash(self, ctx: Context) -> None:
        self.until = {}
        super().on_crash(ctx)

    def _is_static(self, call: Call) -> bool:
        return self.static > 0.0 and self.static_dice.uniform(call.message.root, 0) < self.static

    def work_for(self, ctx: Context, call: Call) -> i64:
        takes = self.static_takes
        if takes is not None and self._is_static(call):
            work: i64 = takes.sample(self.work_dice.uniform(call.message.root, call.visit))
            if ctx.slow != 1.0 or ctx.tails:
                work = ctx.stretched(work, call.message.root, call.visit)
        else:
            work = super().work_for(ctx, call)
        return work + self._connects(ctx, call)

    def _connects(self, ctx: Context, call: Call) -> i64:
        """What the handshake costs where its client has no open connection; idle ones make room for new ones."""
        owner: int = connection_of(call)
        open_until = self.until.pop(owner, -1)
        until: int = ctx.now + self.keep_alive
        if len(self.until) >= self.slots:
            del self.until[next(iter(self.until))]
        self.until[owner] = until
        if open_until >= ctx.now:
            return 0
        self.handshakes += 1
        work: i64 = self.handshake.sample(self.hand_dice.uniform(call.message.root, call.visit))
        return ctx.stretched(work, call.message.root, call.visit) if ctx.slow != 1.0 or ctx.tails else work

    def worked(self, ctx: Context, call: Call) -> None:
        if ctx.links > 0 and ctx.error_share <= 0.0 and self.fails <= 0.0 and self._is_static(call):
            self._end(ctx, call, YES, 0)
        else:
            super().worked(ctx, call)

    def gauges(self, ctx: Context) -> dict[str, float]:
        return super().gauges(ctx) | {"connections": float(len(self.until)), "handshakes": float(self.handshakes)}
