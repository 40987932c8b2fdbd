"""A new version of a workflow takes some of its executions."""

from __future__ import annotations

from typing import ClassVar

from chaos.fault import Fault
from topology.parameters import share


class WorkflowUpdate(Fault):
    """Lets a share of the new executions of a state machine follow its next version, as an alias does that is half moved over.

    You will see executions of two versions beside each other: each keeps the one that it began with. Of the next version
    nothing but a mistake is known, unless `update` says more: its last task reads a field that nobody writes any more, so
    that all before it is done and the execution fails there, whatever its Retry says. Healing moves the alias back; what
    has begun by then fails still when it comes to that task.
    """

    params = {
        "share": share("50%", "The share of the new executions that follow the next version.", gt=0),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"updated"})
    hint = "it acts on a step_functions with a task, or with an update"
    past = "updated the workflow"
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 5/s}
  charge: {kind: service, takes: 20ms}
  ship: {kind: service, takes: 20ms}
  flow:
    kind: step_functions
    definition:
      StartAt: Charge
      States:
        Charge: {Type: Task, Resource: "arn:aws:states:::lambda:invoke", Next: Rest}
        Rest: {Type: Wait, Seconds: 5, Next: Ship}
        Ship: {Type: Task, Resource: "arn:aws:states:::lambda:invoke", End: true}
designs:
  only:
    links: [web => flow -> charge, flow -> ship]
timeline:
  - {at: 10s, inject: workflow_update, on: flow, for: 20s}
"""
