"""What an execution asks of the world around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from topology.asl.resource import Resource


@dataclass(frozen=True, slots=True)
class Invoke:
    """Call something and report `succeeded` or `failed`.

    Where `resource.submits`, first report `submitted` when the call itself is answered, then how the job or the callback
    ended; `token` is what a callback names. `timeout_s` and `heartbeat_s` are None where there is no such limit: the
    execution says with `due_ns(id)` when to report `elapsed`. `purpose`: task, read items or write results.
    """

    id: int
    resource: Resource
    input: Any
    state: str
    timeout_s: int | None = None
    heartbeat_s: int | None = None
    token: str = ""
    credentials: Any = None
    purpose: str = "task"


@dataclass(frozen=True, slots=True)
class Delay:
    """Report `elapsed` at an instant, in nanoseconds since 1970. `purpose`: wait, retry or timeout (of the execution)."""

    id: int
    until_ns: int
    state: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Nobody waits for this request any more; a report about it changes nothing."""

    id: int


Request = Invoke | Delay | Cancel
