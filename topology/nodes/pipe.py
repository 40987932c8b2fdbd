"""Amazon EventBridge Pipes."""

from typing import Any, ClassVar, Final

from mypy_extensions import mypyc_attr

from topology.message import UNMATCHED, YES
from topology.node import FUNCTION, Call, Context, content_of
from topology.nodes.service import Service
from topology.parameters import count, data, dist
from topology.rules.patterns import Pattern, check_pattern, compile_pattern

FILTERING: Final = "EventBridge User Guide, Event filtering in Amazon EventBridge Pipes"
BATCHING: Final = "EventBridge User Guide, Amazon EventBridge Pipes batching and concurrency"


@mypyc_attr(allow_interpreted_subclasses=True)
class Pipe(Service):
    """Takes messages from a queue, lets those through that its filter takes, asks its enrichment for more, and hands each on
    to its target.

    The enrichment is what it calls (`->`), the target what it hands on to (`=>`). What the filter does not take is deleted
    from the queue: it is gone without a word. When the enrichment or the target fails, the message stays in its queue and
    comes back by the queue's own rule.
    """

    role: ClassVar[str] = FUNCTION
    managed: ClassVar[bool] = True
    works: ClassVar[bool] = False
    like: ClassVar[str] = ""
    inlet_params: ClassVar[dict[str, Any]] = {}
    layers: ClassVar[dict[str, str]] = {"mismatched": "either"}
    """`mismatched`: the share of the messages that its filter does not take any more."""
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 20/s}
  jobs: {kind: sqs}
  more: {kind: service, takes: 5ms}
  bus: {kind: eventbridge}
  app: {kind: service, takes: 20ms}
  it: {kind: pipe, concurrency: 10}
designs:
  only:
    links: [web => jobs => it -> more, it => bus => app]
"""
    params: ClassVar[dict[str, Any]] = {
        "filter": data(
            None, "A pattern over body and messageAttributes; what does not match is deleted unseen.", source=FILTERING
        ),
        "concurrency": count(
            1250, "Messages in work at once.", ge=1, le=10_000, source=f"{BATCHING}, unverified for SQS sources"
        ),
        "takes": dist("0s", "Its own time for one message."),
    }

    def __init__(self) -> None:
        super().__init__()
        self.pattern: Pattern | None = None
        self.known: dict[Any, bool] = {}
        self.mismatch = 0.0
        self.filtered = 0
        self.passed = 0

    @staticmethod
    def prepare(values: dict[str, Any]) -> dict[str, Any]:
        """See that the filter is a pattern; Refused names the place of what is not."""
        check_pattern(values["filter"], "filter")
        return values

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        pattern = values["filter"]
        self.pattern = None if pattern is None else compile_pattern(pattern)
        self.known = {}
        plain = {"slots": values["concurrency"], "cores": None, "takes": values["takes"], "fails": 0.0, "grows": 0.0}
        rest = {"order": "sequence", "warmup": None, "pauses": None, "in": values["in"], "out": values["out"]}
        super().configure(ctx, plain | rest, policies)
        self.mismatch_dice = ctx.dice("mismatched")

    def on_layers(self, ctx: Context) -> None:
        super().on_layers(ctx)
        self.mismatch = ctx.strength("mismatched")

    def minds(self, layer: str) -> bool:
        return layer != "mismatched" or self.pattern is not None

    def _begin(self, ctx: Context, call: Call) -> None:
        if self.pattern is not None and not self._takes(call):
            self.filtered += 1
            ctx.answer(call, YES, UNMATCHED)
            return
        self.passed += 1
        super()._begin(ctx, call)

    def _takes(self, call: Call) -> bool:
        """Whether the filter lets a message through; it is asked once for each sort."""
        if self.mismatch > 0.0 and self.mismatch_dice.uniform(call.message.root, 0) < self.mismatch:
            return False
        content = content_of(call)
        known = self.known.get(content)
        if known is None:
            body = None if content is None else content.body
            attributes = {} if content is None else content.attributes
            pattern = self.pattern
            known = pattern is not None and pattern.matches({"body": body, "messageAttributes": attributes})
            self.known[content] = known
        return known

    def on_crash(self, ctx: Context) -> None:
        """The service is down: it asks for nothing more; what it has in work goes on."""
        self.running = False

    def _ask(self, ctx: Context) -> None:
        if self.running:
            super()._ask(ctx)

    def on_revival(self, ctx: Context) -> None:
        self.running = True
        self._ask(ctx)

    def gauges(self, ctx: Context) -> dict[str, float]:
        return super().gauges(ctx) | {"let through": float(self.passed), "filtered out": float(self.filtered)}
