"""What can be set of a Kinesis stream, and of the links over which applications consume it."""

from __future__ import annotations

from typing import Any, Final

from topology.parameters import choice, count, duration, flag, node, size
from topology.problems import Refused
from topology.streams.consuming import FROM, TIMESTAMP, TRIM_HORIZON

LIMITS: Final = "Kinesis Data Streams Developer Guide, Quotas and limits"
MODES: Final = "Kinesis Data Streams Developer Guide, Choose the right mode to stream in"
KEEPING: Final = "Kinesis Data Streams Developer Guide, Change the data retention period"
KCL: Final = "Kinesis Data Streams Developer Guide, KCL configurations"
STARTS: Final = "Kinesis Data Streams API Reference, GetShardIterator"
FAN_OUT: Final = "Kinesis Data Streams Developer Guide, Develop enhanced fan-out consumers with dedicated throughput"
MAPPING: Final = "AWS Lambda Developer Guide, Lambda parameters for Amazon Kinesis Data Streams event source mappings"

BY: Final = ("key", "tenant", "message", "one")
MOST_FAN_OUT: Final = 20
"""Applications with enhanced fan-out at one stream."""

PARAMS: dict[str, Any] = {
    "shards": count(
        None, "How many shards there are; left out: on demand, 4 at first, more as it is written more.", ge=1, le=20_000,
        source=MODES,
    ),
    "partition": choice(
        "key",
        "What producers give as partition key: what a message is about (key; its own number where it is about nothing in "
        "particular), whose it is (tenant), its own number (message), or the same for all (one). An attribute "
        "`explicit_hash_key` of a message goes before it.",
        options=BY,
    ),
    "retention": duration(
        "24h", "How long a record is kept. The service keeps it for up to 8,760 h; here a duration is at most 30 days.", ge="24h",
        le="30d", source=KEEPING,
    ),
    "size": size("1KiB", "The size of a record whose producer says none.", ge="1B", le="10MiB"),
    "max_size": size(
        "1MiB", "Records larger than this are refused, as often as they are sent.", ge="1KiB", le="10MiB", source=LIMITS
    ),
}

LINK_PARAMS: dict[str, Any] = {
    "batch": count(
        1, "So many records a service takes with one receive, at most: each of another shard or partition key, or with a batch "
        "listener many of one.", ge=1, le=10_000,
    ),
    "on_failure": choice(
        "release", "A consumer of a stream says at once that it failed.", options=("release",)
    ),
    "from": choice(
        TRIM_HORIZON,
        "Where it begins with a shard of which it has no checkpoint: at the oldest record, with what is written after it "
        "asked for the first time (latest), or at an instant. A shard that came from others is read from its beginning.",
        options=FROM,
        source=STARTS,
    ),
    "timestamp": duration(None, "The instant from which on it reads, with `from: timestamp`.", ge="0s", source=STARTS),
    "poll": duration("1s", "The time from one read of a shard to the next.", ge="200ms", le="1h", source=KCL),
    "fan_out": flag(False, "Enhanced fan-out: records are pushed to it, at a throughput of its own.", source=FAN_OUT),
    "failover": duration(
        "10s", "A member of the application that did not renew its leases for so long loses them.", ge="1s", le="1h", source=KCL
    ),
    "checkpoint": duration(
        "0s", "How often it notes how far it has come; 0s: after each batch that it read.", ge="0s", le="1h"
    ),
    "parallelization": count(
        1, "Batches of one shard in work at once, each of other partition keys.", ge=1, le=10, source=MAPPING
    ),
    "retries": count(
        -1, "How often a batch that failed is tried again, a second later each time; -1: until it is too old.", ge=-1, le=10_000,
        source=MAPPING,
    ),
    "max_age": duration(
        None, "Records that are older when they fail are given up; left out: none is.", ge="60s", le="7d", source=MAPPING
    ),
    "bisect": flag(False, "Whether a batch that failed is split in two, which does not count as a retry.", source=MAPPING),
    "failed": node(
        None, "The queue that takes what is given up; left out: it is skipped, and lost.", options=("queue",), source=MAPPING
    ),
}


def check_link(values: dict[str, Any]) -> None:
    """See that the settings of a consumer's link fit together; Refused names the place of what does not."""
    if (values["from"] == TIMESTAMP) != (values["timestamp"] is not None):
        raise Refused(("timestamp",), "`from: timestamp` and `timestamp: 30s` go together; set both or neither")


def check_links(links: list[tuple[str, str, dict[str, Any]]]) -> None:
    """See that there are not more consumers with enhanced fan-out than a stream takes."""
    n = sum(1 for _, _, link in links if link["fan_out"])
    if n > MOST_FAN_OUT:
        raise Refused((), f"{n} consumers with enhanced fan-out; a stream takes {MOST_FAN_OUT}")
