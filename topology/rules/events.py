"""Events as EventBridge hands them round: the envelope, and what a target gets of it.

Sources: EventBridge User Guide, "Event structure" and "Amazon EventBridge input transformation".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from topology.message import Mix
from topology.problems import Refused

MOST_VARIABLES: Final = 100
RESERVED: Final = "aws.events."
WHOLE: Final = "aws.events.event.json"
WITHOUT_DETAIL: Final = "aws.events.event"
RULE: Final = "aws.events.rule-name"
_STEP: Final = re.compile(r"\.(?P<name>[A-Za-z0-9_/-]+|\*)|\[(?P<index>[0-9]+|\*)\]|\[['\"](?P<quoted>[^'\"]+)['\"]\]")
_PLACEHOLDER: Final = re.compile(r"<([A-Za-z0-9_.-]+)>")


def event_of(content: Mix | None, producer: str) -> dict[str, Any]:
    """The event that a content is, or is put into: what a producer says in attributes is its envelope, its body the detail.

    A content whose body has an envelope already (it came over another bus) is passed on as it is. What differs from event to
    event (id, time) stays empty.
    """
    body = None if content is None else content.body
    attributes = {} if content is None else content.attributes
    if isinstance(body, dict) and {"source", "detail-type", "detail"} <= body.keys():
        return body
    event = {
        "version": "0",
        "id": "",
        "detail-type": attributes.get("detail-type", producer if content is None else content.name),
        "source": attributes.get("source", producer),
        "account": attributes.get("account", "123456789012"),
        "time": "",
        "region": attributes.get("region", "us-east-1"),
        "resources": attributes.get("resources", []),
        "detail": {} if body is None else body,
    }
    if "replay-name" in attributes:
        event["replay-name"] = attributes["replay-name"]
    return event


def steps_of(path: str, place: tuple[str | int, ...]) -> list[str | int]:
    """A JSON path such as $.detail.items[0], as steps; Refused where the service would not take it. A star is "*"."""
    steps: list[str | int] = []
    at = 1
    if not path.startswith("$"):
        raise Refused(place, f"a path begins with $, such as $.detail; got {path!r}")
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None:
            raise Refused(place, f"expected .name or [index] at {path[at:]!r} in {path!r}")
        index = match["index"]
        steps.append(int(index) if index and index != "*" else match["name"] or match["quoted"] or "*")
        at = match.end()
    return steps


def found(event: Any, steps: list[str | int]) -> Any:
    """What a path leads to; a list of all where it has a star, None where it leads nowhere."""
    hits = list(_found(event, steps))
    if "*" in steps:
        return hits or None
    return hits[0] if hits else None


def _found(value: Any, steps: list[str | int]) -> Iterator[Any]:
    if not steps:
        yield value
        return
    step, rest = steps[0], steps[1:]
    if step == "*":
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        for one in inner:
            yield from _found(one, rest)
    elif isinstance(step, int):
        if isinstance(value, list) and step < len(value):
            yield from _found(value[step], rest)
    elif isinstance(value, dict) and step in value:
        yield from _found(value[step], rest)


class Transformer:
    """What a target gets instead of the event: a template whose <names> are filled from paths into the event.

    Raises Refused: more than 100 variables, a reserved name, a path or a placeholder that is none.
    """

    def __init__(self, paths: Mapping[str, Any], template: Any) -> None:
        if len(paths) > MOST_VARIABLES:
            raise Refused(("transform", "paths"), f"at most {MOST_VARIABLES} variables; there are {len(paths)}")
        self.paths: dict[str, list[str | int]] = {}
        for name, path in paths.items():
            place = ("transform", "paths", name)
            if name.lower().startswith("aws."):
                raise Refused(place, "names that begin with AWS are reserved; choose another")
            if not isinstance(path, str):
                raise Refused(place, f"expected a path such as $.detail.id, got {path!r}")
            self.paths[name] = steps_of(path, place)
        self.template = template
        known = {*self.paths, WHOLE, WITHOUT_DETAIL, RULE, "aws.events.rule-arn", "aws.events.event.ingestion-time"}
        for name in _named(template):
            if name not in known:
                near = ", ".join(self.paths) or "none is declared in paths"
                raise Refused(("transform", "template"), f"<{name}> names no variable; there are {near}")

    def fill(self, event: dict[str, Any], rule: str) -> Any:
        """The template with every variable filled in; a text that is JSON afterwards is read as such."""
        values = {name: found(event, steps) for name, steps in self.paths.items()}
        values[WHOLE] = event
        values[WITHOUT_DETAIL] = {name: value for name, value in event.items() if name != "detail"}
        values[RULE] = values["aws.events.rule-arn"] = rule
        values["aws.events.event.ingestion-time"] = ""
        return _filled(self.template, values)


def _named(template: Any) -> Iterator[str]:
    if isinstance(template, str):
        yield from _PLACEHOLDER.findall(template)
    elif isinstance(template, dict):
        for key, value in template.items():
            if _PLACEHOLDER.search(str(key)):
                raise Refused(("transform", "template"), f"a placeholder cannot be a key: {key!r}")
            yield from _named(value)
    elif isinstance(template, list):
        for value in template:
            yield from _named(value)


def _filled(template: Any, values: dict[str, Any]) -> Any:
    if isinstance(template, dict):
        return {key: _filled(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, values) for value in template]
    if not isinstance(template, str):
        return template
    whole = _PLACEHOLDER.fullmatch(template)
    if whole:
        return values.get(whole[1])
    text = _PLACEHOLDER.sub(lambda match: _text(values.get(match[1])), template)
    if text.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _text(value: Any) -> str:
    """A value inside a text; what leads nowhere leaves nothing."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
