"""State machines for faults: one whose task hands its token to a worker, and any other."""

from __future__ import annotations

import json
from typing import Any

from chaos.command import Command
from chaos.runner import Runner
from tests.chaos.faults.shops import shop

TOKEN = "{QueueUrl: jobs, MessageBody: {Token.$: $$.Task.Token}}"
LINKS = ["web => flow => jobs => app"]


def asking(*entries: Command, callback: str = "500ms", heartbeat: int = 0) -> Runner:
    """A hundred executions a second; each is done when its worker has called back."""
    beats = f", HeartbeatSeconds: {heartbeat}" if heartbeat else ""
    task = f"{{Type: Task, Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken', Parameters: {TOKEN}{beats}, End: true}}"
    nodes = {
        "web": "producer, rate: 100/s, arrivals: constant",
        "jobs": "sqs",
        "flow": f"step_functions, callback: {callback}, definition: {{StartAt: Ask, States: {{Ask: {task}}}}}",
    }
    return shop(nodes, LINKS, *entries)


CALL = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke"}


def working(states: dict[str, Any], *entries: Command, links: tuple[str, ...] = ("web => flow -> app",), **more: Any) -> Runner:
    """A hundred executions a second of states of which the first is the start; orders have four items."""
    settings = {"definition": {"StartAt": next(iter(states)), "States": states}, **more}
    nodes = {
        "web": "producer, rate: 100/s, arrivals: constant, mix: {order: {body: {items: [1, 2, 3, 4]}}}",
        "flow": f"step_functions, {json.dumps(settings)[1:-1]}",
    }
    return shop(nodes, list(links), *entries)
