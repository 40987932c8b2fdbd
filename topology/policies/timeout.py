"""Timeouts."""

from typing import Any, ClassVar

from mypy_extensions import i64, mypyc_attr

from topology.node import Context
from topology.parameters import REQUIRED, duration
from topology.policy import LinkPolicy


@mypyc_attr(allow_interpreted_subclasses=True)
class Timeout(LinkPolicy):
    """The caller waits so long for each attempt, then gives it up. The callee does not know and goes on working.

    Without one a caller waits for ever, holding its slot.
    """

    passive: ClassVar[bool] = True
    params: ClassVar[dict[str, Any]] = {
        "after": duration(REQUIRED, "How long the caller waits for one attempt.", gt="0s", le="1h")
    }

    def configure(self, ctx: Context, values: dict[str, Any], name: str) -> None:
        self.after_ns: i64 = values["after"]

    def limit_ns(self) -> i64:
        return self.after_ns
