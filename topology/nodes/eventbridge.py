"""Amazon EventBridge event buses."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.backing_off import RETRIES, BackingOff, backing_off, retry_group
from topology.bucket import Bucket
from topology.chance import text_hash
from topology.message import TOO_MANY, Item, Message, Mix, lasting
from topology.node import Call, Context, content_of
from topology.parameters import choice, count, data, duration, group, node, rate, table, word, words
from topology.problems import Refused
from topology.push.pushing import OWN, Copy, Publication, Pusher, Subscriber
from topology.rules.events import Transformer, event_of, found, steps_of
from topology.rules.patterns import Pattern, check_pattern, compile_pattern

QUOTAS: Final = "EventBridge User Guide, Amazon EventBridge quotas"
TARGETS: Final = "EventBridge User Guide, Event bus targets in Amazon EventBridge"
ARCHIVES: Final = "EventBridge User Guide, Archiving events in Amazon EventBridge"
INPUT: Final = "EventBridge User Guide, Amazon EventBridge input transformation"
TOO_LARGE: Final = lasting("larger than 256 KiB, the most of an entry")
LARGEST: Final = 262_144
MOST_TARGETS: Final = 5
MOST_RULES: Final = 300
DUE: Final = OWN
REPLAY: Final = OWN + 1
CHUNK: Final = 60_000_000_000
"""A replay goes through the archive minute by minute of the events' times."""
REPLAYED: Final = "replayed"
SECOND: Final = 1_000_000_000


class Rule:
    """One rule: its pattern, and what it said of each sort of event so far. A rule without a pattern takes every event."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.pattern: Pattern | None = None
        self.enabled = True
        self.on = True
        """Whether it is looked at: it is enabled, and nobody disabled it for a while."""
        self.known: dict[Any, bool] = {}
        self.matched: i64 = 0
        self.targets: i64 = 0


class Target:
    """One target: the link, the rules that it belongs to, what it gets of an event, and how it is retried."""

    def __init__(self, one: Subscriber, rules: list[Rule], retry: BackingOff) -> None:
        self.one = one
        self.rules = rules
        self.retry = retry
        self.input: Any = None
        self.path: list[str | int] | None = None
        self.transformer: Transformer | None = None
        self.made: dict[Any, Mix] = {}


class Late(Item):
    """One delivery that waits for its turn: the invocations of all rules together have a limit."""

    def __init__(self, made: Publication, target: i64, rule: Rule) -> None:
        self.made: Publication = made
        self.target: i64 = target
        self.rule = rule


class Kept(Item):
    """One event in the archive."""

    def __init__(self, message: Message, content: Mix | None, at: i64) -> None:
        self.message = message
        self.content = content
        self.at: i64 = at


@mypyc_attr(allow_interpreted_subclasses=True)
class Eventbridge(Pusher):
    """An event bus: matches every event against its rules, and sends a copy to each target of every rule that takes it.

    A link names the rules whose target it is; without any it gets every event. An event that no rule takes is gone without a
    word: nobody is told, and nothing is kept unless an archive keeps it. Deliveries are at least once and in no order; what
    fails is tried again for a day, then goes to the target's dead-letter queue or is dropped. The event's source, detail-type
    and resources are the attributes of a producer's mix, its detail is the body.
    """

    example: ClassVar[str] = "rules: {large: {pattern: {detail: {amount: [{numeric: ['>', 100]}]}}}}"
    gives_back: ClassVar[bool] = True
    selects: ClassVar[tuple[str, ...]] = ("rule",)
    layers: ClassVar[dict[str, str]] = {"no_dead_letters": "either", "mismatched": "either", "rules_off": "either"}
    """While `mismatched` lies here, so many of the events match no pattern any more: a deploy changed what they look like.
    `rules_off`: the share of the rules that somebody disabled."""
    params: ClassVar[dict[str, Any]] = {
        "rules": table(
            {
                "pattern": data(None, "What an event must look like; left out: every event."),
                "state": choice("enabled", "Whether the rule is looked at.", options=("enabled", "disabled")),
            },
            f"The rules, by name; at most {MOST_RULES}.",
            source=QUOTAS,
        ),
        "put_rate": rate(
            "10000/s", "Events per second that it takes (PutEvents); what is more is refused.", gt="0/s", source=QUOTAS
        ),
        "invocations": rate(
            "18750/s", "Deliveries per second of all rules; what is more is delivered later.", gt="0/s", source=QUOTAS
        ),
        "archive": group(
            {
                "pattern": data(None, "Which events are kept; left out: all."),
                "retention": duration(None, "How long they are kept; left out: for ever.", ge="1d", source=ARCHIVES),
                "most": count(100_000, "How many are kept at the most here, the newest.", ge=1, le=1_000_000),
                "replay_rate": rate("1000/s", "Events per second that a replay sends.", gt="0/s"),
            },
            "An archive of what came in; `redrive` replays it, with `replay-name` in each event.",
            source=ARCHIVES,
        ),
    }
    link_params: ClassVar[dict[str, Any]] = {
        "rule": words(
            None,
            f"The rules whose target it is, at most {MOST_TARGETS} targets each; left out: it gets every event.",
            source=TARGETS,
        ),
        "input": data(None, "What it gets instead of the event: always this.", source=INPUT),
        "input_path": word(None, "The part of the event that it gets, such as $.detail.", source=INPUT),
        "transform": group(
            {
                "paths": data(None, "Variables by name, each a path into the event.", source=INPUT),
                "template": data("<aws.events.event.json>", "What it gets; <name> stands for a variable.", source=INPUT),
            },
            "The event is rewritten for this target.",
            source=INPUT,
        ),
        "retry": retry_group(RETRIES),
        "dead_letter": node(None, "The queue that takes what could not be delivered.", options=("queue",), source=RETRIES),
    }

    def __init__(self) -> None:
        super().__init__()
        self.rules: dict[str, Rule] = {}
        self.targets: list[Target] = []
        self.bucket: Bucket | None = None
        self.unmatched: i64 = 0
        self.next_at: i64 = 0
        self.archive: list[Kept] = []
        self.first_kept: i64 = 0
        self.replaying: i64 = -1
        self.replay_until: i64 = 0
        self.replays: i64 = 0
        self.mismatch: float = 0.0
        self.marked: dict[Any, Mix] = {}

    @staticmethod
    def prepare(values: dict[str, Any]) -> dict[str, Any]:
        """See that every pattern is one; Refused names the place of what is not."""
        rules = values["rules"] or {}
        if len(rules) > MOST_RULES:
            raise Refused(("rules",), f"{len(rules)} rules; a bus has at most {MOST_RULES}")
        for name, rule in rules.items():
            check_pattern(rule["pattern"], "rules", name, "pattern")
        archive = values["archive"]
        if archive is not None:
            check_pattern(archive["pattern"], "archive", "pattern")
        return values

    @staticmethod
    def prepare_link(values: dict[str, Any]) -> None:
        """See that a target gets one thing, and that its paths lead somewhere."""
        chosen = [name for name in ("input", "input_path", "transform") if values[name] is not None]
        if len(chosen) > 1:
            raise Refused((chosen[1],), f"a target has {chosen[0]} or {chosen[1]}, not both")
        if values["input_path"] is not None:
            steps_of(values["input_path"], ("input_path",))
        if values["transform"] is not None:
            _transformer(values["transform"])

    @staticmethod
    def prepare_links(values: dict[str, Any], links: list[tuple[str, str, dict[str, Any]]]) -> None:
        """See that the rules that links name are there, and that none has too many targets."""
        rules = values["rules"] or {}
        targets: dict[str, int] = {}
        for callee, _, link in links:
            for name in link["rule"] or ():
                if name not in rules:
                    there = ", ".join(rules) or "none"
                    raise Refused(("rules",), f"the link to {callee} names a rule {name!r}; there are {there}")
                targets[name] = targets.get(name, 0) + 1
        for name, n in targets.items():
            if n > MOST_TARGETS:
                raise Refused(("rules", name), f"{n} targets; a rule has at most {MOST_TARGETS}: split it into two rules")

    # Settings

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self._read_rules(values["rules"] or {})
        self.targets = []
        super().configure(ctx, values, policies)

    def arrange(self, ctx: Context, values: dict[str, Any]) -> None:
        self.put_rate: float = float(values["put_rate"])
        self.gap: i64 = int(1e9 / float(values["invocations"]))
        if self.bucket is None:
            self.bucket = Bucket(self.put_rate, ctx.now)
        archive = values["archive"]
        self.most_kept: i64 = 0 if archive is None else archive["most"]
        self.replay_gap: i64 = 1 if archive is None else int(1e9 / float(archive["replay_rate"]))
        self.kept_for: i64 = 0 if archive is None or archive["retention"] is None else archive["retention"]
        self.wanted = Rule("archive")
        if archive is not None and archive["pattern"] is not None:
            self.wanted.pattern = compile_pattern(archive["pattern"])
        self.sort_dice = ctx.dice("sorts")
        self.rule_dice = ctx.dice("rules")

    def _read_rules(self, declared: dict[str, Any]) -> None:
        """Rules keep their counts when they are set anew."""
        self.every = self.rules.get("", Rule(""))
        rules: dict[str, Rule] = {"": self.every}
        for name, values in declared.items():
            rule = self.rules.get(name, Rule(name))
            rule.pattern = None if values["pattern"] is None else compile_pattern(values["pattern"])
            rule.enabled = values["state"] == "enabled"
            rule.known = {}
            rule.targets = 0
            rules[name] = rule
        self.rules = rules

    def subscribe(self, ctx: Context, one: Subscriber, values: dict[str, Any]) -> None:
        rules = [self.rules[name] for name in values["rule"] or ("",) if name in self.rules]
        target = Target(one, rules, backing_off(values["retry"]))
        for rule in rules:
            rule.targets += 1
        target.input = values["input"]
        path = values["input_path"]
        target.path = None if path is None else steps_of(path, ("input_path",))
        target.transformer = None if values["transform"] is None else _transformer(values["transform"])
        self.targets.append(target)

    # Events

    def refusal(self, ctx: Context, call: Call) -> int:
        content = content_of(call)
        if content is not None and content.size > LARGEST:
            return TOO_LARGE
        bucket = self.bucket
        if bucket is not None and not bucket.grants(ctx.now, self.put_rate, self.put_rate):
            return TOO_MANY
        return 0

    def publish(self, ctx: Context, call: Call) -> None:
        self.published += 1
        self.kept += 1
        content = content_of(call)
        if self.most_kept > 0 and self._takes(call, self.wanted):
            self._archive(Kept(call.message, content, ctx.now))
        made = Publication(call)
        taken = False
        taking = [rule for rule in self.rules.values() if rule.on and self._takes(call, rule)]
        for rule in taking:
            rule.matched += 1
        for target in self.targets:
            sent = False
            for rule in target.rules:
                if rule in taking:
                    sent = True
                    made.left += 1
                    self._deliver(ctx, made, target.one.link, rule)
            taken = taken or sent
            if not sent:
                target.one.unmatched += 1
                made.missed = True
        if not taken:
            self.unmatched += 1
        self._heard(ctx, made)

    def on_layers(self, ctx: Context) -> None:
        """A deploy may have changed what events look like, and somebody may have disabled rules."""
        self.mismatch = ctx.strength("mismatched")
        off = ctx.strength("rules_off")
        for rule in self.rules.values():
            rule.on = rule.enabled and self.rule_dice.uniform(text_hash(rule.name), 0) >= off

    def _takes(self, call: Call, rule: Rule) -> bool:
        """Whether a rule matches; it is asked once for each sort of event."""
        pattern = rule.pattern
        if pattern is None:
            return True
        if self.mismatch > 0.0 and self.sort_dice.uniform(call.message.root, 0) < self.mismatch:
            return False
        content = content_of(call)
        sort: Any = call.message.flow if content is None else content
        known = rule.known.get(sort)
        if known is None:
            known = pattern.matches(event_of(content, call.message.flow.producer))
            rule.known[sort] = known
        return known

    def _deliver(self, ctx: Context, made: Publication, target: i64, rule: Rule) -> None:
        """Now, or when it is its turn: all deliveries together have a rate."""
        now = ctx.now
        if self.next_at < now - SECOND:
            self.next_at = now - SECOND
        if self.next_at > now:
            ctx.after(self.next_at - now, DUE, Late(made, target, rule))
        else:
            self._send(ctx, made, target, rule)
        self.next_at += self.gap

    def _send(self, ctx: Context, made: Publication, target: i64, rule: Rule) -> None:
        aim = self.targets[target]
        call = made.call
        ctx.send_as(aim.one.link, made, call.message, self._input(aim, rule, content_of(call), call.message))

    def _input(self, aim: Target, rule: Rule, content: Mix | None, message: Message) -> Mix:
        """What a target gets of an event; made once for each sort."""
        sort: Any = (message.flow if content is None else content, rule.name)
        made = aim.made.get(sort)
        if made is None:
            event = event_of(content, message.flow.producer)
            body: Any = event
            if aim.input is not None:
                body = aim.input
            elif aim.path is not None:
                body = found(event, aim.path)
            elif aim.transformer is not None:
                body = aim.transformer.fill(event, rule.name)
            name = message.flow.producer if content is None else content.name
            made = Mix(name, 1.0, 0 if content is None else content.size, 0, {}, body)
            aim.made[sort] = made
        return made

    def delay_ns(self, ctx: Context, copy: Copy, one: Subscriber) -> i64:
        retry = self.targets[one.link].retry
        return retry.delay(self.retry_dice, copy.call.message.root, copy.tries, copy.since, ctx.now)

    def on_own_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag == REPLAY:
            self._replay(ctx)
            return
        assert isinstance(item, Late)
        self._send(ctx, item.made, item.target, item.rule)

    # The archive

    def _archive(self, event: Kept) -> None:
        self.archive.append(event)
        if len(self.archive) - self.first_kept > self.most_kept:
            self.first_kept += 1
        if self.first_kept > 1024 and self.first_kept * 2 > len(self.archive) and self.replaying < 0:
            del self.archive[: self.first_kept]
            self.first_kept = 0

    def on_redrive(self, ctx: Context) -> None:
        """Start a replay of all that the archive keeps; while one runs another waits for it."""
        if self.replaying < 0 and len(self.archive) == self.first_kept:
            return
        self.replays += 1
        if self.replaying < 0:
            self.replaying = self.first_kept
            self.replay_until = len(self.archive)
            self._replay(ctx)

    def _replay(self, ctx: Context) -> None:
        """Send the next event of the archive once more, to the targets of the rules that take it now."""
        if self.kept_for > 0:
            while self.replaying < self.replay_until and ctx.now - self.archive[self.replaying].at > self.kept_for:
                self.replaying += 1
        if self.replaying >= self.replay_until:
            self.replays -= 1
            self.replaying = self.first_kept if self.replays > 0 else -1
            if self.replaying < 0:
                return
        event = self.archive[self.replaying]
        self.replaying += 1
        self._once_more(ctx, event)
        ctx.after(self.replay_gap, REPLAY, None)

    def _once_more(self, ctx: Context, event: Kept) -> None:
        content = self._marked(event)
        body = event_of(content, event.message.flow.producer)
        for target in self.targets:
            for rule in target.rules:
                if rule.on and (rule.pattern is None or rule.pattern.matches(body)):
                    made = self._input(target, rule, content, event.message)
                    copy = Copy(ctx.retain(target.one.link, event.message, made), target.one.link, ctx.now)
                    self.hold(copy, target.one)
                    ctx.send_as(target.one.link, copy, event.message, made)

    def _marked(self, event: Kept) -> Mix:
        """What an event of the archive carries; made once for each sort."""
        sort: Any = event.message.flow if event.content is None else event.content
        marked = self.marked.get(sort)
        if marked is None:
            marked = _replayed(event.content, event.message.flow.producer)
            self.marked[sort] = marked
        return marked

    def unfinished(self) -> bool:
        return self.replaying >= 0

    # Looking

    def minds(self, layer: str) -> bool:
        if layer == "redrive":
            return self.most_kept > 0
        if layer == "mismatched":
            return any([rule.pattern is not None and rule.targets > 0 for rule in self.rules.values()])
        return super().minds(layer)

    def gauges(self, ctx: Context) -> dict[str, float]:
        found_here = super().gauges(ctx) | {"unmatched": float(self.unmatched)}
        if self.most_kept > 0:
            found_here["in the archive"] = float(len(self.archive) - self.first_kept)
            found_here["to be replayed"] = float(self.replay_until - self.replaying) if self.replaying >= 0 else 0.0
        return found_here

    def views(self, ctx: Context) -> dict[str, dict[str, float]]:
        rules = {
            f"rule {rule.name}" + ("" if rule.on else " (disabled)"): {
                "matched": float(rule.matched),
                "targets": float(rule.targets),
            }
            for rule in self.rules.values()
            if rule.name
        }
        return rules | super().views(ctx)


def _transformer(values: dict[str, Any]) -> Transformer:
    paths = values["paths"] or {}
    if not isinstance(paths, dict):
        raise Refused(("transform", "paths"), f"expected paths by name, such as {{id: $.detail.id}}; got {paths!r}")
    return Transformer(paths, values["template"])


def _replayed(content: Mix | None, producer: str) -> Mix:
    """The same content, marked as replayed."""
    attributes = {} if content is None else dict(content.attributes)
    attributes["replay-name"] = REPLAYED
    name = producer if content is None else content.name
    body = None if content is None else content.body
    if isinstance(body, dict) and {"source", "detail-type", "detail"} <= body.keys():
        body = body | {"replay-name": REPLAYED}
    return Mix(name, 1.0, 0 if content is None else content.size, 0, attributes, body)
