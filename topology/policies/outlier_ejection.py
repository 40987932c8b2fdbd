"""Outlier ejection."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.message import TOO_MANY, YES
from topology.node import Call, Context
from topology.parameters import count, duration, share
from topology.policy import LinkPolicy

PAGE: Final = "Envoy v1.22, config.cluster.v3.OutlierDetection"


class Host:
    """What one caller replica knows of one replica of the callee."""

    def __init__(self) -> None:
        self.bad: i64 = 0
        """Failures in a row."""
        self.out = False
        self.back: i64 = 0
        """The instant at which it comes back, or came back last."""
        self.times: i64 = 0
        """How often it was ejected lately; each makes the next ejection longer."""


@mypyc_attr(allow_interpreted_subclasses=True)
class OutlierEjection(LinkPolicy):
    """Takes a replica of the callee off the list after so many failures in a row, for a time that is longer each time. It is
    found by the calls themselves, so nobody needs a health check, and a few callers' bad luck is enough. It works where
    there is a choice: over a list, or behind a balancer.

    All failures count, errors, refusals and silence, except 429, which is no server's error. A replica comes back at the
    first sweep after its time; a sweep that finds it on the list makes its next ejection shorter again. When all replicas
    are ejected they are all used.
    """

    params: ClassVar[dict[str, Any]] = {
        "consecutive": count(5, "Failures in a row that eject a replica (consecutive_5xx).", ge=1, le=100_000, source=PAGE),
        "interval": duration("10s", "The time between sweeps, at which replicas come back.", gt="0s", le="1h", source=PAGE),
        "base": duration(
            "30s", "An ejection lasts so long, times the number of ejections (base_ejection_time).", gt="0s", le="1d", source=PAGE
        ),
        "longest": duration("300s", "No ejection lasts longer (max_ejection_time).", gt="0s", le="1d", source=PAGE),
        "most": share("10%", "The share of replicas that may be out; one always may (max_ejection_percent).", source=PAGE),
    }

    def configure(self, ctx: Context, values: dict[str, Any], name: str) -> None:
        self.name = name
        self.consecutive: i64 = values["consecutive"]
        self.interval: i64 = values["interval"]
        self.base: i64 = values["base"]
        self.longest: i64 = max(values["longest"], values["base"])
        self.most: float = float(values["most"])
        self.reset()

    def reset(self) -> None:
        self.hosts: list[Host] = []
        self.ejected: i64 = 0

    def avoids(self, ctx: Context, target: i64) -> bool:
        if self.ejected == 0 or target >= len(self.hosts):
            return False
        return self._is_out(ctx, self.hosts[target], target)

    def _is_out(self, ctx: Context, host: Host, target: i64) -> bool:
        """Whether it is ejected; its time may have ended since somebody looked."""
        if host.out and ctx.now >= host.back:
            host.out = False
            host.bad = 0
            self.ejected -= 1
            ctx.note(f"replica {target} is let back on {self.name}")
        return host.out

    def heard(self, ctx: Context, call: Call) -> None:
        callee = call.callee
        if callee is None:
            return
        target = callee.index
        while len(self.hosts) <= target:
            self.hosts.append(Host())
        host = self.hosts[target]
        if self._is_out(ctx, host, target):
            return
        if call.outcome == YES or call.reason & 0xFFFF == TOO_MANY:
            host.bad = 0
            return
        host.bad += 1
        if host.bad >= self.consecutive and self._may_eject(ctx, call.link):
            self._eject(ctx, host, target)

    def _may_eject(self, ctx: Context, link: i64) -> bool:
        """Whether one more may be out; who came back unnoticed or is gone for good does not count."""
        present: i64 = 0
        out: i64 = 0
        target: i64 = 0
        while target < ctx.targets(link):
            if ctx.registered(link, target):
                present += 1
                if target < len(self.hosts) and self._is_out(ctx, self.hosts[target], target):
                    out += 1
            target += 1
        return out == 0 or float(out) < self.most * float(present)

    def _eject(self, ctx: Context, host: Host, target: i64) -> None:
        calm: i64 = (ctx.now - host.back) // self.interval if host.times > 0 else 0
        host.times = host.times - calm if host.times > calm else 0
        host.times += 1
        most: i64 = self.longest // self.base
        lasts: i64 = self.base * host.times if host.times <= most else self.longest
        sweep: i64 = (ctx.now + lasts + self.interval - 1) // self.interval
        host.back = sweep * self.interval
        host.out = True
        self.ejected += 1
        ctx.note(f"replica {target} is ejected on {self.name}: {host.bad} failures in a row")

    def state(self) -> str:
        return f"{self.ejected} ejected" if self.ejected > 0 else ""
