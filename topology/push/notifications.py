"""What a subscriber gets of a message that was published to a topic: the message itself, or a notification around it."""

from __future__ import annotations

import json
from typing import Any

from topology.message import Mix


def notification(content: Mix, protocol: str, raw: bool, topic: str) -> Mix:
    """What goes out over a protocol; only a raw delivery to a queue carries the attributes on as attributes.

    What differs from message to message (MessageId, Timestamp, Signature) is left out.
    """
    if raw and protocol == "sqs":
        return content
    body = content.body
    if not raw and protocol in ("sqs", "http"):
        body = _around(content, topic)
    elif protocol == "lambda":
        body = {"Records": [{"EventSource": "aws:sns", "Sns": _around(content, topic)}]}
    return Mix(content.name, content.weight, content.size, content.priority, {}, body)


def _around(content: Mix, topic: str) -> dict[str, Any]:
    body = content.body
    around: dict[str, Any] = {
        "Type": "Notification",
        "TopicArn": f"arn:aws:sns:us-east-1:123456789012:{topic}",
        "Message": body if isinstance(body, str) else json.dumps({} if body is None else body),
    }
    if content.attributes:
        around["MessageAttributes"] = {name: _attribute(value) for name, value in content.attributes.items()}
    return around


def _attribute(value: Any) -> dict[str, Any]:
    """An attribute as a notification shows it: its type and its value as text."""
    if isinstance(value, dict):
        return {
            "Type": value.get("Type", value.get("DataType", "String")),
            "Value": value.get("Value", value.get("StringValue")),
        }
    if isinstance(value, list):
        return {"Type": "String.Array", "Value": json.dumps(value)}
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"Type": "Number", "Value": str(value)}
    return {"Type": "String", "Value": value if isinstance(value, str) else json.dumps(value)}
