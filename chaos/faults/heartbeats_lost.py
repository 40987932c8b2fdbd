"""Workers are well and nobody hears it."""

from __future__ import annotations

from typing import ClassVar

from chaos.fault import Fault
from topology.parameters import share


class HeartbeatsLost(Fault):
    """Lets the heartbeats of a share of the executions' tasks get lost, though their workers live: a thread that is blocked, a
    permission that is missing.

    You will see tasks that take longer than their heartbeat fail with a time-out, and be tried again where the definition
    says so, while the first worker is still at it: work is done twice. What is quicker than its heartbeat fares well.
    Healing lets the heartbeats through; what has timed out has.
    """

    params = {
        "share": share("50%", "The share of the executions whose heartbeats do not come.", gt=0),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"heartbeats_lost"})
    hint = "it acts on a step_functions with a task that sends heartbeats"
    past = "lost the heartbeats of"
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
  - {at: 10s, inject: heartbeats_lost, on: flow, for: 20s}
"""
