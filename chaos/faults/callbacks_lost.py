"""Workers never call back."""

from __future__ import annotations

from typing import ClassVar

from chaos.fault import Fault
from topology.parameters import share


class CallbacksLost(Fault):
    """Lets the workers of a share of the tasks that wait for a token never call back: a token that nobody stored, a bug, a queue
    that was purged.

    You will see executions that wait and do not fail: for a task without a time limit, until the execution's own, up to a
    year. Their number grows, and what they hold with it. A heartbeat does not help while the worker lives. Healing lets the
    workers of new tasks call back; a task that was taken on meanwhile goes on waiting.
    """

    params = {
        "share": share("50%", "The share of the tasks whose worker never calls back.", gt=0),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"callbacks_lost"})
    hint = "it acts on a step_functions with a task that waits for a token"
    past = "lost the callbacks of"
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 5/s}
  jobs: {kind: sqs}
  app: {kind: service, takes: 20ms}
  flow:
    kind: step_functions
    callback: 5s
    definition:
      StartAt: Ask
      States:
        Ask:
          Type: Task
          Resource: arn:aws:states:::sqs:sendMessage.waitForTaskToken
          HeartbeatSeconds: 2
          Parameters: {QueueUrl: jobs, MessageBody: {Token.$: $$.Task.Token}}
          End: true
designs:
  only:
    links: [web => flow => jobs => app]
timeline:
  - {at: 10s, inject: callbacks_lost, on: flow, for: 20s}
"""
