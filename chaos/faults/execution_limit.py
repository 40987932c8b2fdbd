"""Other workflows of the account use up a quota."""

from __future__ import annotations

from typing import ClassVar

from chaos.fault import Fault
from topology.parameters import share


class ExecutionLimit(Fault):
    """Lets other state machines of the account hold a share of the quota of open executions: a loop that starts them, a task
    that never calls back.

    You will see StartExecution refused (ExecutionLimitExceeded) as soon as there are more open executions than are left;
    those that run go on. A bus or queue in front tries again later, and whoever calls has a no. It is the executions that
    take long that fill the quota, so that a slow task does it, too. Healing ends what the others run.
    """

    params = {
        "share": share("100%", "The share of the open executions that others hold.", gt=0),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"open_taken"})
    hint = "it acts on a step_functions of the standard type"
    past = "used up the executions of"
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 5/s}
  app: {kind: service, takes: 20ms}
  flow:
    kind: step_functions
    open: 100
    definition:
      StartAt: Rest
      States:
        Rest: {Type: Wait, Seconds: 5, Next: Work}
        Work: {Type: Task, Resource: "arn:aws:states:::lambda:invoke", End: true}
designs:
  only:
    links: [web => flow -> app]
timeline:
  - {at: 10s, inject: execution_limit, on: flow, for: 20s, share: 90%}
"""
