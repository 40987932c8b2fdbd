"""What a person, a timeline or a monkey may ask of a run: one shape, whoever asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

VERBS = ("inject", "heal", "scale", "rewire", "set", "rate", "redrive", "flush")


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to do at one instant. `inject` alone uses what, params, for_ns, ramp_ns and probability.

    `on` holds targets as written: "inventory", "inventory/1", "one:inventory"…; "all" for heal.
    `params` and `to` are text as in YAML or plain numbers, so that a command can be saved and read again;
    the runner turns them into inner values.
    """

    at_ns: int
    verb: str
    on: tuple[str, ...] = ()
    what: str = ""
    designs: tuple[str, ...] = ()
    """Empty: every design that has the target."""
    params: dict[str, Any] = field(default_factory=dict)
    for_ns: int | None = None
    ramp_ns: int = 0
    probability: float = 1.0
    to: Any = None
    by: str = "key"
    """Who asked: key, timeline, condition (of the timeline), run (a run file)."""


class Refused(Exception):
    """A command that makes no sense here; the words say why, and what would."""


def to_dict(command: Command) -> dict[str, Any]:
    """A command as a run file and the report keep it; what was left at its default is left out."""
    kept: dict[str, Any] = {"at": command.at_ns / 1e9, "at_ns": command.at_ns, "verb": command.verb}
    if command.what:
        kept["what"] = command.what
    if command.on:
        kept["on"] = list(command.on)
    if command.designs:
        kept["in"] = list(command.designs)
    if command.params:
        kept["params"] = dict(command.params)
    if command.for_ns is not None:
        kept["for_ns"] = command.for_ns
    if command.ramp_ns:
        kept["ramp_ns"] = command.ramp_ns
    if command.probability < 1.0:
        kept["probability"] = command.probability
    if command.to is not None:
        kept["to"] = command.to
    kept["by"] = command.by
    return kept
