"""What a bucket says of an upload: to a bus as an event of its own source, to everybody else as a list of records.

Sources: Amazon S3 User Guide, "EventBridge event message structure" and "Event message structure".
"""

from __future__ import annotations

from topology.message import Mix

TITLES = {
    "ObjectCreated": "Object Created",
    "ObjectRemoved": "Object Deleted",
    "ObjectRestore": "Object Restore Completed",
    "ObjectTagging": "Object Tags Added",
    "ObjectAcl": "Object ACL Updated",
    "LifecycleExpiration": "Object Deleted",
    "LifecycleTransition": "Object Storage Class Changed",
    "IntelligentTiering": "Object Access Tier Changed",
}
"""The detail-type of an event, by its family."""


def told(content: Mix | None, bucket: str, key: str, event: str, to_bus: bool) -> Mix:
    """The notification of an upload; when it was, and who did it, are left out."""
    name = bucket if content is None else content.name
    size = 0 if content is None else int(content.size)
    thing = {"key": key, "size": size}
    if to_bus:
        title = TITLES.get(event.partition(":")[0], event)
        envelope = {"source": "aws.s3", "detail-type": title, "resources": [f"arn:aws:s3:::{bucket}"]}
        return Mix(name, 1.0, 0, 0, envelope, {"version": "0", "bucket": {"name": bucket}, "object": thing})
    record = {"eventSource": "aws:s3", "eventName": event, "s3": {"bucket": {"name": bucket}, "object": thing}}
    return Mix(name, 1.0, 0, 0, {}, {"Records": [record]})
