"""The contract of a resilience policy: one file in `topology/policies`, named as its key in YAML.

A link policy belongs to the caller's end of a link and sees each attempt; a node policy guards a node's door. Neither
touches a clock or a wire: both worlds use the same classes.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.node import Call, Context

LINK: Final = "link"
NODE: Final = "node"


@mypyc_attr(allow_interpreted_subclasses=True)
class Policy:
    """The base of all policies. `on` says where it belongs; `kinds` which kinds a node policy may guard."""

    params: ClassVar[dict[str, Any]] = {}
    on: ClassVar[str] = LINK
    kinds: ClassVar[tuple[str, ...]] = ()

    def configure(self, ctx: Context, values: dict[str, Any], name: str) -> None:
        """Take over the checked values; `name` is the link's or node's, for dice."""


@mypyc_attr(allow_interpreted_subclasses=True)
class LinkPolicy(Policy):
    """One caller replica's policy on one link. A `passive` one has only a limit: it is not asked about attempts."""

    passive: ClassVar[bool] = False

    def reset(self) -> None:
        """The caller restarted: forget what was in memory."""

    def limit_ns(self) -> i64:
        """How long one attempt may take; 0: for ever."""
        return 0

    def admits(self, ctx: Context, call: Call) -> int:
        """Before an attempt: 0 to let it go, or the code of the reason why not."""
        return 0

    def heard(self, ctx: Context, call: Call) -> None:
        """After an attempt, with `call.outcome`. Attempts that were not admitted are not told."""

    def again(self, ctx: Context, call: Call) -> i64:
        """After a failed attempt: the delay before the next one, or -1 for none."""
        return -1

    def grants(self, ctx: Context, call: Call) -> bool:
        """Whether one more attempt, which another policy wants, may be made."""
        return True

    def state(self) -> str:
        """A word for the screen; empty when there is nothing to say."""
        return ""


@mypyc_attr(allow_interpreted_subclasses=True)
class NodePolicy(Policy):
    """One replica's policy at its door."""

    def admit(self, ctx: Context, call: Call, busy: i64, slots: i64, queued: i64) -> int:
        """When a call arrives: 0 to let it in, or the code of the reason why not."""
        return 0

    def limit(self) -> i64:
        """How many may wait; -1: any number."""
        return -1

    def newest_first(self) -> bool:
        """Whether the newest waits least."""
        return False

    def drops_oldest(self) -> bool:
        """Whether, when the queue is full, the oldest goes and not the newest."""
        return False


class Line:
    """The caller's end of one link: the policies that each attempt passes, in the order of their names."""

    def __init__(self, policies: list[LinkPolicy]) -> None:
        self.policies = [p for p in policies if not p.passive]
        self.plain = not policies
        self.limit_ns: i64 = 0
        for policy in policies:
            limit: i64 = policy.limit_ns()
            if limit > 0:
                self.limit_ns = limit

    def admits(self, ctx: Context, call: Call) -> int:
        """0, or the reason of the first policy that does not let the attempt go."""
        for policy in self.policies:
            code = policy.admits(ctx, call)
            if code:
                return code
        return 0

    def hear(self, ctx: Context, call: Call) -> None:
        """An admitted attempt has its outcome."""
        for policy in self.policies:
            policy.heard(ctx, call)

    def next_try(self, ctx: Context, call: Call, admitted: bool) -> i64:
        """After an attempt: the delay before the next, or -1 when its outcome is final."""
        if admitted:
            self.hear(ctx, call)
        if call.outcome == 1:
            return -1
        delay: i64 = -1
        for policy in self.policies:
            wanted: i64 = policy.again(ctx, call)
            if wanted >= 0:
                delay = wanted
        if delay < 0:
            return -1
        for policy in self.policies:
            if not policy.grants(ctx, call):
                return -1
        return delay

    def state(self) -> str:
        """What the policies have to say, for the screen."""
        for policy in self.policies:
            words = policy.state()
            if words:
                return words
        return ""
