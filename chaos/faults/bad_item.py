"""One item of many is wrong."""

from __future__ import annotations

from typing import ClassVar

from chaos.fault import Fault
from topology.parameters import share


class BadItem(Fault):
    """Gives a share of the executions of a state machine one item that no task takes: the first of each Map is not valid.

    You will see an inline Map fail with it, and what was begun for the other items is stopped; a Retry around the Map does all of
    it again, in vain. A Retry on the task only comes later to the same. A distributed Map decides by
    ToleratedFailurePercentage and ToleratedFailureCount: the rest is done, and the execution succeeds without that item.
    Healing makes the items of new and of running executions valid.
    """

    params = {
        "share": share("100%", "The share of the executions that have such an item.", gt=0),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"bad_items"})
    hint = "it acts on a step_functions with a task in a Map"
    past = "put a bad item into the input of"
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 5/s, mix: {order: {body: {items: [1, 2, 3, 4]}}}}
  app: {kind: service, takes: 20ms}
  flow:
    kind: step_functions
    definition:
      StartAt: Each
      States:
        Each:
          Type: Map
          ItemsPath: $.items
          ToleratedFailurePercentage: 30
          ItemProcessor:
            ProcessorConfig: {Mode: DISTRIBUTED, ExecutionType: EXPRESS}
            StartAt: Work
            States:
              Work: {Type: Task, Resource: "arn:aws:states:::lambda:invoke", End: true}
          End: true
designs:
  only:
    links: [web => flow -> app]
timeline:
  - {at: 10s, inject: bad_item, on: flow, for: 20s}
"""
