"""Subscriptions of an Amazon SNS topic: how each is delivered, what its receiver must be, and what it has had so far."""

from __future__ import annotations

from typing import Any, Final

from mypy_extensions import i64, mypyc_attr

from topology.bucket import Bucket
from topology.message import Item, Mix
from topology.node import FUNCTION, PUSH, QUEUE, Call, Timer
from topology.problems import Refused
from topology.push.pushing import Copy, Subscriber
from topology.push.retry_phases import MANAGED, Phases, phases
from topology.rules.filters import Filter, compile_filter

SQS, LAMBDA, WEB, EMAIL, SMS, PHONE = "sqs", "lambda", "http", "email", "sms", "push"
PROTOCOLS: Final = (SQS, LAMBDA, WEB, EMAIL, SMS, PHONE)
CHANNELS: Final = {"mail_provider": EMAIL, "sms_carrier": SMS, "push_service": PHONE}
"""Kinds of endpoints that stand for a channel of their own; whatever else answers calls is called over HTTP."""
PRICES: Final = {"publish": 0.5, "fifo": 0.3, WEB: 0.6, EMAIL: 20.0, SMS: 6450.0, PHONE: 0.5}
"""Dollars for a million."""

SMS_PART: Final = 140
SMS_LARGEST: Final = 1_600
"""Bytes of one part of an SMS, and of all its parts together."""
DEFAULT_SIZE: Final = 262_144
MOST_ATTRIBUTES: Final = 10
MOST_FILTERS: Final = 200
MOST_OF_FIFO: Final = 100
"""Subscriptions of a FIFO topic, and of one that takes large messages."""
LONGEST_POLICY: Final = 3_600_000_000_000
"""How long a delivery policy may go on, in nanoseconds."""


class Line:
    """The copies of one message group for one queue: one is out, these wait for it, in order."""

    def __init__(self) -> None:
        self.first: Delivery | None = None
        self.last: Delivery | None = None


@mypyc_attr(acyclic=True, allow_interpreted_subclasses=True)
class Delivery(Copy):
    """A copy that is kept by itself from the beginning."""

    def __init__(self, call: Call, link: i64, since: i64) -> None:
        super().__init__(call, link, since)
        self.tries = 0
        self.leads = False
        """Whether its message group waits for it."""
        self.group: int = 0
        self.next: Delivery | None = None
        self.attempt: Attempt | None = None


@mypyc_attr(acyclic=True, allow_interpreted_subclasses=True)
class Attempt(Item):
    """One attempt that must be answered in time; what comes later is not heard."""

    def __init__(self, copy: Delivery) -> None:
        self.copy: Delivery = copy
        self.over = False
        self.timer: Timer | None = None


class Subscription(Subscriber):
    """One subscription: how it is delivered, and what it has had so far."""

    def __init__(self, link: i64, callee: str, dead_to: str) -> None:
        super().__init__(link, callee, dead_to)
        self.protocol = ""
        self.filter: Filter | None = None
        self.raw = False
        self.phases: Phases = MANAGED
        self.patience: i64 = 0
        self.pace: i64 = 0
        """From one attempt to the next, in nanoseconds."""
        self.free: i64 = 0
        """When the next attempt may be made."""
        self.confirmed = True
        self.opted_out = 0.0
        self.disabled = 0.0
        self.price = 0.0
        self.bucket: Bucket | None = None
        self.lines: dict[int, Line] = {}
        self.known: dict[Any, bool] = {}
        self.made: dict[Any, Mix] = {}
        self.unconfirmed: i64 = 0
        self.gone: i64 = 0
        self.errors: i64 = 0
        self.late: i64 = 0
        self.billed: i64 = 0


def figures_of(one: Subscription) -> dict[str, float]:
    """What a subscription of its protocol can have had beside."""
    found = {"client errors": float(one.errors)}
    if one.protocol in (WEB, EMAIL):
        found["not confirmed"] = float(one.unconfirmed)
    if one.protocol == WEB:
        found["answered too late"] = float(one.late)
    if one.protocol == SMS:
        found["opted out"] = float(one.gone)
        found["parts"] = float(one.billed)
    if one.protocol == PHONE:
        found["disabled"] = float(one.gone)
    if one.price > 0.0:
        found["cost $"] = float(one.billed) * one.price
    return found


def filter_of(values: dict[str, Any]) -> Filter:
    return compile_filter(values["filter"], "MessageBody" if values["scope"] == "body" else "MessageAttributes")


def policy_of(retry: dict[str, Any]) -> Phases:
    """The schedule of a delivery policy."""
    rest = retry["retries"] - retry["immediate"] - retry["before"] - retry["after"]
    return phases(retry["immediate"], retry["before"], rest, retry["after"], retry["min"], retry["max"], retry["backoff"])


def protocol_for(name: str, role: str) -> str:
    """The protocol for a receiver of that kind and role; empty where there is none."""
    if role == QUEUE:
        return SQS
    if role == FUNCTION:
        return LAMBDA
    return "" if role == PUSH else CHANNELS.get(name, WEB)


def check_policy(retry: dict[str, Any]) -> None:
    """Refused where a delivery policy cannot be."""
    counted = retry["immediate"] + retry["before"] + retry["after"]
    if counted > retry["retries"]:
        words = f"the phases count {counted} retries, more than `retries`: {retry['retries']}; raise it"
        raise Refused(("retry",), words)
    if retry["min"] > retry["max"]:
        raise Refused(("retry",), "`min` is longer than `max`; shorten it")
    total = policy_of(retry).total_ns()
    if total > LONGEST_POLICY:
        words = f"the policy takes {total / 1e9:,.0f} s in all, and 3,600 s are allowed; take fewer or shorter delays"
        raise Refused(("retry",), words)


def check_receivers(fifo: bool, largest: int, links: list[tuple[str, str, dict[str, Any]]]) -> None:
    """Refused where a node cannot subscribe to a topic, or there are too many; links by receiver and kind, with its role."""
    large = largest > DEFAULT_SIZE
    filters = 0
    for callee, name, link in links:
        check_receiver(callee, name, link, fifo, large)
        filters += 0 if link["filter"] is None else 1
    if filters > MOST_FILTERS:
        raise Refused((), f"{filters} filter policies; a topic has at most {MOST_FILTERS}")
    if (fifo or large) and len(links) > MOST_OF_FIFO:
        what = "a FIFO topic" if fifo else "a topic for messages above 256 KiB"
        raise Refused((), f"{len(links)} subscriptions; {what} has at most {MOST_OF_FIFO}")


def check_receiver(callee: str, name: str, link: dict[str, Any], fifo: bool, large: bool) -> None:
    """Refused where a node cannot subscribe like that."""
    natural = protocol_for(name, link["role"])
    protocol = link["protocol"] or natural
    if not natural:
        raise Refused((), f"a topic cannot deliver to {callee}, a {name}; put a queue or a service between")
    if protocol != natural and (SQS in (protocol, natural) or LAMBDA in (protocol, natural)):
        raise Refused((), f"{callee} is a {name}, which cannot be reached by {protocol}; leave `protocol` out")
    if fifo and protocol != SQS:
        raise Refused(("fifo",), f"a FIFO topic delivers only to queues; put a queue before {callee}, or take a standard topic")
    if large and protocol not in (SQS, LAMBDA):
        raise Refused(("max_size",), f"above 256 KiB a topic delivers only to queues and functions; {callee} is neither")
    for setting, given, allowed in (
        ("raw", link["raw"], (SQS, WEB)),
        ("retry", link["retry"] is not None, (WEB,)),
        ("throttle", link["throttle"] is not None, (WEB,)),
        ("opted_out", link["opted_out"] > 0.0, (SMS,)),
        ("disabled", link["disabled"] > 0.0, (PHONE,)),
    ):
        if given and protocol not in allowed:
            words = f"`{setting}` is for {' or '.join(allowed)}, and {callee} is delivered to by {protocol}; leave it out"
            raise Refused((), words)


def parts_of(content: Mix | None) -> i64:
    """How many SMS a content makes."""
    if content is None or content.size <= SMS_PART:
        return 1
    return (content.size + SMS_PART - 1) // SMS_PART
