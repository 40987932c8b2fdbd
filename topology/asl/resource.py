"""What a Task calls: a Lambda function, an activity, or an action of a service, and whether it waits for more than the answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from topology.problems import Refused

SYNC, SYNC_2, TOKEN = ".sync", ".sync:2", ".waitForTaskToken"
PATTERNS = ("", SYNC, SYNC_2, TOKEN)
_STATES = re.compile(r"arn:[^:]*:states:([^:]*):([^:]*):(.*)", re.DOTALL)
_ACTION = re.compile(r"([A-Za-z0-9-]+(?::[A-Za-z0-9-]+)?):([A-Za-z0-9]+)((?:\..*)?)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Resource:
    """A Task's Resource. `kind`: lambda, activity or service. `pattern`: empty for an answer alone, `.sync`, `.sync:2` or
    `.waitForTaskToken`."""

    text: str
    kind: str
    service: str
    action: str
    pattern: str

    @property
    def prefix(self) -> str:
        """How the history's events of such a task begin."""
        return {"lambda": "LambdaFunction", "activity": "Activity"}.get(self.kind, "Task")

    @property
    def submits(self) -> bool:
        """Whether the answer to the call only says that the work was taken on."""
        return self.pattern != ""


def compile_resource(value: Any, place: tuple[str | int, ...]) -> Resource:
    """Read a Resource. Raises Refused for an action or a pattern that there is not."""
    if not isinstance(value, str) or not value.strip():
        raise Refused(place, "expected the ARN of a function, an activity or an action of a service")
    if value.startswith("{%"):
        raise Refused(place, "a Resource cannot be computed; the service's own parameters can")
    if value.startswith("$") and not value.startswith("${"):
        raise Refused(place, "a Resource cannot be selected by a path; the service's own parameters can")
    found = _STATES.fullmatch(value)
    if found is None:
        return Resource(value, "lambda", "lambda", "invoke", "")
    name = found.group(3)
    if name.startswith("activity:"):
        return Resource(value, "activity", "activity", name.removeprefix("activity:"), "")
    if found.group(1) or found.group(2):
        raise Refused(place, f"{value!r} is no activity and no action of a service; an action's ARN begins arn:aws:states:::")
    action = _ACTION.fullmatch(name)
    if action is None:
        raise Refused(place, f"{name!r} is no action of a service, such as sqs:sendMessage")
    service, verb, pattern = action.groups()
    if pattern not in PATTERNS:
        raise Refused(place, f"the pattern {pattern!r} is not supported; there are {', '.join(PATTERNS[1:])}")
    return Resource(value, "service", service, verb, pattern)
