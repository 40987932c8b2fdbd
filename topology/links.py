"""Which kinds a link may join, and what it then means: one table over roles, so that outside kinds find their place."""

from __future__ import annotations

from typing import Any

from topology.parameters import choice, count, dist, duration, flag
from topology.plan import BALANCED, CALL, HANDOFF, LIST, PINNED, PULL

LINK_PARAMS: dict[str, Any] = {
    "wiring": choice(
        None,
        "How callers find replicas: pinned (each to one, from its start on), list (a static round robin) or balanced "
        "(what a load balancer does). Left out: pinned, balanced behind a load balancer, a list behind a gateway.",
        options=(PINNED, LIST, BALANCED),
    ),
    "delay": dist("0s", "How long a message travels, each way."),
    "optional": flag(False, "Whether the caller goes on, and says yes, when this call fails."),
    "restart": duration("5s", "How long a caller restarts when it is rewired.", le="1h"),
    "batch": count(
        1,
        "How many messages a consumer takes at most with one receive.",
        ge=1,
        le=10,
        source="SQS API Reference, ReceiveMessage, MaxNumberOfMessages",
    ),
    "wait": duration(
        "20s",
        "How long a receive waits for the first message (long polling).",
        ge="0s",
        le="20s",
        source="SQS Developer Guide, Amazon SQS short and long polling",
    ),
    "on_failure": choice(
        "wait",
        "What a failed consumer does with its message: leave it until its visibility ends, or release it at once.",
        options=("wait", "release"),
    ),
}

_CALLS_ONLY, _PULLS_ONLY = ("wiring", "optional", "restart"), ("batch", "wait", "on_failure")

_SOURCES = ("producer", "scheduler")
_CALLERS = (*_SOURCES, "service", "function")
_PROXIES = {"proxy": "a load balancer", "gateway": "a gateway"}
_KEEPERS = {"queue": "a queue", "stream": "a stream"}
_PUSHERS = ("push", "scheduler")
"""Those that deliver: what they hand on is done when its receiver says yes."""

_TABLE: dict[tuple[str, str, str], tuple[str, str]] = {
    ("service", HANDOFF, "service"): (PINNED, ""),
    ("function", HANDOFF, "service"): ("", "a function calls a service; write {caller} -> {callee}"),
    ("producer", HANDOFF, "service"): ("", "a producer wants an answer from a service; write {caller} -> {callee}"),
}
for _keeper, _name in _KEEPERS.items():
    for _callee in ("service", "function"):
        _TABLE[_keeper, HANDOFF, _callee] = (PULL, "")
        _TABLE[_keeper, CALL, _callee] = ("", f"{_name} calls nobody, it is consumed; write {{caller}} => {{callee}}")
    _TABLE[_keeper, HANDOFF, "endpoint"] = ("", "let a service consume: {caller} => SERVICE -> {callee}")
    _TABLE[_keeper, HANDOFF, "push"] = ("", "let a service or a pipe consume: {caller} => SERVICE => {callee}")
    _TABLE[_keeper, HANDOFF, "stream"] = ("", "let a service consume: {caller} => SERVICE => {callee}")
_TABLE["queue", HANDOFF, "queue"] = ("", "a dead-letter queue is named on the queue: dead_letter: {{to: {callee}, after: 5}}")
_TABLE["stream", HANDOFF, "queue"] = ("", "let a service or a pipe consume: {caller} => SERVICE => {callee}")
for _callee in ("service", "endpoint", "function", *_PROXIES):
    _TABLE["proxy", CALL, _callee] = (BALANCED, "")
    _TABLE["gateway", CALL, _callee] = (LIST, "")
    _TABLE["push", CALL, _callee] = ("", "what {caller} delivers is a hand-off; write {caller} => {callee}")
    for _caller in _CALLERS:
        _TABLE[_caller, CALL, _callee] = (PINNED, "")
    for _caller in _PUSHERS:
        _TABLE[_caller, HANDOFF, _callee] = (PINNED, "")
for _caller in (*_CALLERS, "push"):
    for _callee, _what in (*_KEEPERS.items(), ("push", "what delivers")):
        _TABLE[_caller, HANDOFF, _callee] = (PINNED, "")
        _TABLE[_caller, CALL, _callee] = ("", f"{_what} accepts hand-offs; write {{caller}} => {{callee}}")
    _TABLE[_caller, HANDOFF, "function"] = (PINNED, "")
for _caller in ("producer", "service", "function"):
    _TABLE[_caller, HANDOFF, "endpoint"] = ("", "an endpoint takes calls; write {caller} -> {callee}")
for _proxy, _name in _PROXIES.items():
    for _keeper, _what in _KEEPERS.items():
        _TABLE[_keeper, HANDOFF, _proxy] = ("", f"{_what} is consumed by services; write {{caller}} => SERVICE")
    for _caller in ("producer", "service", "function"):
        _TABLE[_caller, HANDOFF, _proxy] = ("", f"{_name} takes calls; write {{caller}} -> {{callee}}")


def delivers(caller: str, callee: str) -> bool:
    """Whether a hand-off between two roles is over only when the receiver has done its work and says yes.

    A queue, a stream, another push service and a function that is invoked asynchronously take a delivery over at once.
    """
    return caller in _PUSHERS and callee not in (*_KEEPERS, "push", "function")


def link_params(caller: Any, callee: Any) -> dict[str, Any]:
    """The settings that a link between two kinds takes: the common ones, and those of the two kinds."""
    out = getattr(caller, "link_params", None) or {}
    into = getattr(callee, "inlet_params", None) or {} if getattr(caller, "role", "") in _KEEPERS else {}
    return {**LINK_PARAMS, **out, **into} if out or into else LINK_PARAMS


def joins_roles(caller: str, callee: str, mode: str) -> tuple[str, str]:
    """How a link between two roles is wired, and an empty text; or an empty text and the remedy, in words.

    A remedy may name `{caller}` and `{callee}`.
    """
    if callee == "producer":
        return "", "a producer is the outside world, which nothing calls; turn the link round"
    if callee == "scheduler":
        return "", "a scheduler begins by the clock, and nothing calls it; turn the link round"
    if caller == "endpoint":
        return "", "an endpoint belongs to others and calls nothing here; end the chain at {caller}"
    if (caller, mode, callee) in _TABLE:
        return _TABLE[caller, mode, callee]
    if caller in _PROXIES:
        return "", f"{_PROXIES[caller]} hands nothing on; let a service do it: {{caller}} -> SERVICE => {{callee}}"
    if caller in _KEEPERS:
        return "", f"{_KEEPERS[caller]} is consumed by a service: {{caller}} => SERVICE -> {{callee}}"
    return "", f"no {mode} may join a {caller} and a {callee}"


def joins(caller_kind: str, callee_kind: str, mode: str) -> tuple[str, str]:
    """The same for two kinds by name."""
    from topology.registry import kind

    return joins_roles(kind(caller_kind).role, kind(callee_kind).role, mode)


def misplaced(name: str, wiring: str) -> str:
    """Why a setting makes no sense on a link wired like that; empty when it does."""
    if wiring == PULL and name in _CALLS_ONLY:
        return f"'{name}' belongs to calls, and this link consumes from a queue"
    if wiring != PULL and name in _PULLS_ONLY:
        return f"'{name}' belongs to links that consume from a queue (QUEUE => SERVICE)"
    return ""


def chosen_wiring(derived: str, wanted: str | None) -> tuple[str, str]:
    """The wiring of a call that may name its own, and why not where it may not."""
    if wanted is None or wanted == derived:
        return derived, ""
    if derived == BALANCED:
        return derived, "a load balancer balances; leave 'wiring' out"
    if wanted == BALANCED:
        return derived, "only a load balancer balances: put one between, or write wiring: list"
    return wanted, ""
