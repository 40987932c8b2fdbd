"""The Amazon States Language: definitions are loaded, and executions of them driven by reports from outside.

    machine = load(definition)                          # raises Mistakes (a Refused) with every mistake
    run = Execution(machine, Outside(now_ns, random, uuid))
    for request in run.start({"id": 1}):                # Invoke, Delay or Cancel, each with an id
        ...
    run.succeeded(id, output); run.failed(id, error, cause); run.elapsed(id); run.heartbeat(id)
    run.submitted(id); run.begun(id); run.stop(error, cause)
    run.requests()                                      # goes on and gives what it asks for next
    run.status, run.output, run.error, run.cause, run.history, run.states, run.map_runs

No clock, no threads, no files: instants, random numbers and identifiers come from `Outside`, so the same reports always
give the same history. `run.due_ns(id)` says when `elapsed` has to be reported for a task with a timeout or heartbeat.
Values go through unchanged and uncopied: whoever gets one leaves it as it is.
"""

from topology.asl.definition import Mistakes, load
from topology.asl.execution import Execution
from topology.asl.history import Event
from topology.asl.requests import Cancel, Delay, Invoke, Request
from topology.asl.scope import Outside
from topology.asl.states import StateMachine

__all__ = ["Cancel", "Delay", "Event", "Execution", "Invoke", "Mistakes", "Outside", "Request", "StateMachine", "load"]
