"""Small kinds, policies and faults for the tests of the spec, declared as the real ones are."""

from __future__ import annotations

from typing import Any, ClassVar

from topology.parameters import REQUIRED, choice, count, dist, duration, group, node, number, path, rate, share


class Producer:
    """Offers messages."""

    role, managed = "producer", False
    params: ClassVar[dict[str, Any]] = {
        "rate": rate(REQUIRED, "How much it offers.", gt=0),
        "deadline": duration("10s", "When an answer is late."),
        "log": path(None, "A log to replay."),
    }


class Service:
    """Works."""

    role, managed = "service", False
    params: ClassVar[dict[str, Any]] = {
        "slots": count(8, "How many calls it holds at once.", ge=1, le=10_000),
        "cores": count(None, "How many it works on at once.", ge=1),
        "takes": dist("10ms", "How long the work takes.", ge="0s"),
        "order": choice("sequence", "How it calls others.", options=("sequence", "parallel")),
    }


class LoadBalancer:
    """Spreads calls."""

    role, managed = "proxy", True
    params: ClassVar[dict[str, Any]] = {}


class Sqs:
    """Keeps messages."""

    role, managed = "queue", True
    params: ClassVar[dict[str, Any]] = {
        "visibility": duration("30s", "How long a message is hidden.", ge="0s", le="12h", source="SQS Developer Guide"),
        "retention": duration("4d", "How long a message is kept.", ge="60s", le="14d"),
        "dead_letter": group(
            {
                "to": node(REQUIRED, "The queue for what failed too often.", options=("queue",)),
                "after": count(5, "After how many receives.", ge=1, le=1000),
            },
            "Where messages go that fail too often.",
        ),
    }


class Endpoint:
    """Belongs to others."""

    role, managed = "endpoint", True
    params: ClassVar[dict[str, Any]] = {
        "takes": dist("50ms", "How long it takes."),
        "errors": share(0, "How often it fails."),
    }


class Timeout:
    """Gives up."""

    on, kinds = "link", ()
    params: ClassVar[dict[str, Any]] = {"after": duration(REQUIRED, "How long the caller waits.", gt="0s", le="1h")}


class Retry:
    """Tries again."""

    on, kinds = "link", ()
    params: ClassVar[dict[str, Any]] = {
        "attempts": count(3, "Attempts in all.", ge=1, le=1000),
        "backoff": duration("100ms", "The first delay."),
        "jitter": choice("full", "How delays are spread.", options=("none", "full")),
    }


class Queue:
    """Bounds the queue in front of the slots."""

    on, kinds = "node", ("service",)
    params: ClassVar[dict[str, Any]] = {"limit": count(None, "How many may wait.", ge=0)}


class HealthCheck:
    """Asks whether a target is well."""

    on, kinds = "node", ("load_balancer",)
    params: ClassVar[dict[str, Any]] = {"interval": duration("5s", "How often.")}


KINDS = {"producer": Producer, "service": Service, "load_balancer": LoadBalancer, "sqs": Sqs, "endpoint": Endpoint}
POLICIES = {"timeout": Timeout, "retry": Retry, "queue": Queue, "health_check": HealthCheck}
FAULTS: dict[str, dict[str, Any]] = {
    "crash": {},
    "slow": {"factor": number(10, "How many times slower.", gt=0, le=1000)},
    "latency": {"extra": dist(REQUIRED, "How much is added."), "jitter": duration("0s", "How much that varies.")},
    "errors": {"share": share(0.5, "How many calls fail.")},
}


class Declared:
    """The catalogue of these."""

    def kind_names(self) -> list[str]:
        return list(KINDS)

    def kind(self, name: str) -> Any:
        return KINDS[name]

    def policy_names(self) -> list[str]:
        return list(POLICIES)

    def policy(self, name: str) -> Any:
        return POLICIES[name]
