"""A state machine whose one task hands its token to a worker, for faults."""

from __future__ import annotations

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
