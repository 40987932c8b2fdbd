"""What goes over the wire: letters in JSON, and how a message and an outcome are written in them.

Reasons travel as words, since their codes are numbered anew in every process.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from topology.message import Flow, Message, Mix, reason, reason_words

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Body: TypeAlias = dict[str, Json]

CALL: Final = "call"
RECEIVE: Final = "receive"
SETTLE: Final = "settle"
PROBE: Final = "probe"
LEFT: Final = "left"
ANSWER: Final = "answer"
"""Verbs: a call or a hand-off, a consumer that asks, what became of a delivery, a health check, a caller that waits no
more, and the answer to any of them."""


class Garbled(ValueError):
    """Bytes or fields that no process of ours would have written."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One envelope. `reply_to` is the place that wants an answer; `answers` the id of the letter that this one answers."""

    id: str
    verb: str
    body: Body
    reply_to: str
    answers: str
    sent: int
    """The instant of the first sending, on the monotonic clock that all processes of one machine share."""


def pack(letter: Letter) -> bytes:
    """The letter as JSON."""
    fields = {
        "id": letter.id,
        "v": letter.verb,
        "b": letter.body,
        "rt": letter.reply_to,
        "c": letter.answers,
        "t0": letter.sent,
    }
    return json.dumps(fields, separators=(",", ":")).encode()


def unpack(payload: bytes) -> Letter:
    """The letter that was packed; `Garbled` when it is none."""
    return _letter(_parsed(payload))


def pack_all(letters: list[bytes]) -> bytes:
    """Letters to one place, packed, that go out together."""
    return letters[0] if len(letters) == 1 else b"[" + b",".join(letters) + b"]"


def unpack_all(payload: bytes) -> list[Letter]:
    """The letters that went out together; `Garbled` when there are none."""
    parsed = _parsed(payload)
    return [_letter(fields) for fields in parsed] if isinstance(parsed, list) and parsed else [_letter(parsed)]


def _parsed(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError as error:
        raise Garbled(f"not JSON: {error}") from error


def _letter(fields: Any) -> Letter:
    if not isinstance(fields, dict) or not isinstance(fields.get("b"), dict):
        raise Garbled("not an envelope with a body")
    verb, body = text(fields, "v"), fields["b"]
    return Letter(text(fields, "id"), verb, body, text(fields, "rt"), text(fields, "c"), number(fields, "t0"))


def text(body: Mapping[str, Json], key: str) -> str:
    """A field that must be a text."""
    value = body.get(key)
    if not isinstance(value, str):
        raise Garbled(f"{key!r} must be a text, not {value!r}")
    return value


def number(body: Mapping[str, Json], key: str) -> int:
    """A field that must be a whole number of 64 bits."""
    value = body.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not -(1 << 63) <= value < 1 << 63:
        raise Garbled(f"{key!r} must be a whole number of 64 bits, not {value!r}")
    return value


def write_message(message: Message) -> Body:
    """A message, as far as other processes must know it."""
    body: Body = {
        "flow": message.flow.producer,
        "n": message.n,
        "root": message.root,
        "born": message.born,
        "deadline": message.deadline,
    }
    if message.key or message.tenant or message.priority:
        body["who"] = [message.key, message.tenant, message.priority]
    if message.mix is not None:
        body["mix"] = write_mix(message.mix)
    return body


def read_message(body: Mapping[str, Json], flows: Mapping[str, Flow]) -> Message:
    """The message that was written; each process has a copy of its own."""
    flow = flows.get(text(body, "flow"))
    if flow is None:
        raise Garbled(f"no producer is called {body['flow']!r}")
    message = Message(flow, number(body, "n"), number(body, "root"), number(body, "born"), number(body, "deadline"))
    who = body.get("who")
    if isinstance(who, list) and len(who) == 3:
        fields = {str(i): value for i, value in enumerate(who)}
        message.key, message.tenant, message.priority = (number(fields, key) for key in ("0", "1", "2"))
    message.mix = read_mix(body.get("mix"))
    return message


def write_mix(mix: Mix) -> Body:
    """A sort of message, or a content of its own."""
    return {
        "name": mix.name,
        "weight": mix.weight,
        "size": mix.size,
        "priority": mix.priority,
        "attributes": mix.attributes,
        "body": mix.body,
    }


def read_mix(body: Json) -> Mix | None:
    """The sort that was written; None where none was."""
    if not isinstance(body, dict):
        return None
    weight, attributes = body.get("weight"), body.get("attributes")
    if not isinstance(weight, int | float) or not isinstance(attributes, dict):
        raise Garbled("not a sort of message")
    return Mix(
        text(body, "name"), float(weight), number(body, "size"), number(body, "priority"), attributes, body.get("body")
    )


def write_outcome(outcome: int, code: int) -> Body:
    """How an execution ended: the node where, counted as in the file, and the reason in words."""
    return {"outcome": outcome, "where": code >> 16, "why": reason_words(code)}


def read_outcome(body: Mapping[str, Json]) -> tuple[int, int]:
    """The outcome, and the code that its reason has in this process."""
    return number(body, "outcome"), (number(body, "where") << 16) | reason(text(body, "why"))
