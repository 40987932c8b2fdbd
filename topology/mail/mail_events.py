"""What SES tells of a mail, as its event destinations get it.

Sources: Amazon SES Developer Guide, "Contents of event data that Amazon SES publishes to Amazon SNS" and "Monitoring SES events
using Amazon EventBridge".
"""

from __future__ import annotations

import json
from typing import Any, Final

from topology.message import Mix

SEND: Final = "send"
DELIVERY: Final = "delivery"
BOUNCE: Final = "bounce"
COMPLAINT: Final = "complaint"
REJECT: Final = "reject"
DELAY: Final = "delivery_delay"
EVENTS: Final = {
    SEND: ("Send", "send", "Email Sent"),
    DELIVERY: ("Delivery", "delivery", "Email Delivered"),
    BOUNCE: ("Bounce", "bounce", "Email Bounced"),
    COMPLAINT: ("Complaint", "complaint", "Email Complaint Received"),
    REJECT: ("Reject", "reject", "Email Rejected"),
    DELAY: ("DeliveryDelay", "deliveryDelay", "Email Delivery Delayed"),
}
"""Each event: its eventType, the field with its particulars, and its detail-type on a bus."""
PERMANENT: Final = "Permanent/General"
GLOBAL: Final = "Permanent/Suppressed"
ACCOUNT: Final = "Permanent/OnAccountSuppressionList"
TRANSIENT: Final = "Transient/General"
"""Types and sub-types of bounces."""
LISTED: Final = "OnAccountSuppressionList"
"""The sub-type of a complaint that is not new: the recipient complained before."""


def mail_event(event: str, what: str, content: Mix | None, producer: str, bus: bool) -> Mix:
    """What a destination gets of an event; `what` is the type and sub-type of a bounce or complaint.

    What differs from mail to mail (messageId, timestamp, the recipient's own address) is left out.
    """
    event_type, field, detail_type = EVENTS[event]
    attributes = {} if content is None else content.attributes
    mail: dict[str, Any] = {"source": producer, "tags": {name: [value] for name, value in attributes.items()}}
    if "to" in attributes:
        mail["destination"] = [attributes["to"]]
    body = {"eventType": event_type, "mail": mail, field: _particulars(event, what)}
    envelope = {"source": "aws.ses", "detail-type": detail_type} if bus else {}
    return Mix(event_type, 1.0, len(json.dumps(body)), 0, envelope, body)


def _particulars(event: str, what: str) -> dict[str, Any]:
    if event == BOUNCE:
        kind, _, sub = what.partition("/")
        return {"bounceType": kind, "bounceSubType": sub}
    if event == COMPLAINT:
        return {"complaintSubType": what or None}
    if event == REJECT:
        return {"reason": "Bad content"}
    return {"delayType": "TransientCommunicationFailure"} if event == DELAY else {}
