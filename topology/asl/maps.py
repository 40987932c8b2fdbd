"""How a Map state is run: its items one after another or at once, in its own history or each in an execution of its own."""

from __future__ import annotations

import csv
import io
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from topology.asl import jsontext, timestamps
from topology.asl.branch import Branch, Following
from topology.asl.desk import Desk, arrivals
from topology.asl.failures import QUERY, READER_FAILED, TOO_MANY_FAILED, WRITER_FAILED, Failure, runtime
from topology.asl.history import History
from topology.asl.jsonata import text_of
from topology.asl.requests import Invoke
from topology.asl.states import Map, Reader
from topology.asl.steps import Attempt, broken_off, check_size, effective, leave, not_a, number_of, retried, start, whole_number
from topology.asl.templates import Selection, Setting

INLINE_AT_ONCE, DISTRIBUTED_AT_ONCE = 40, 10_000
"""Items that are worked on at once, at most (Step Functions Developer Guide, "Map state")."""

EXPRESS_S = 300
"""An Express execution runs this many seconds at most (Step Functions Developer Guide, "Choosing workflow type")."""


@dataclass(slots=True)
class MapRun:
    """How a distributed Map stands."""

    name: str
    label: str
    total: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    status: str = "RUNNING"


def _map(desk: Desk, branch: Branch, state: Map, value: Any) -> Attempt:
    """One attempt at all items."""
    seen = effective(desk, branch, state, value)
    most = number_of(desk, branch, state, state.concurrency, "MaxConcurrency", seen, value)
    if most < 0:
        raise runtime("MaxConcurrency cannot be negative.")
    items = [] if state.reader is not None else _items(desk, branch, state, value, seen)
    branch.record("MapStateStarted", details={"Length": len(items)})
    tolerated, percent = _tolerated(desk, branch, state, value, seen)
    outer = branch.context.get("Map")
    try:
        if state.distributed:
            result = yield from _distributed(desk, branch, state, value, items, most, (tolerated, percent))
        else:
            result = yield from _inline(desk, branch, state, value, items, most)
    finally:
        _restore(branch, outer)
    branch.history.add("MapStateSucceeded", branch.last)
    return leave(desk, branch, state, value, result), state.next


run_map = retried(_map)


def _items(desk: Desk, branch: Branch, state: Map, value: Any, seen: Any) -> list[Any]:
    """What the Map goes over."""
    items = seen if state.items is None else state.items.evaluate(desk.scope(branch, seen, {"input": value}))
    if isinstance(items, list):
        return items
    if not state.in_jsonata:
        path = state.items.text if isinstance(state.items, Selection) else "$"
        raise runtime(f'Reference path "{path}" must point to array.')
    if state.items is None:
        words = f"Map state input must be an array but was: {text_of(items)}"
    else:
        text = getattr(state.items, "text", "")
        words = f"The JSONata expression '{text}' specified for the field 'Items' returned an unexpected result type. "
        words += f"Expected 'array', but was {text_of(items)}"
    raise Failure(QUERY, words, bare=True, location="Items")


def _tolerated(desk: Desk, branch: Branch, state: Map, value: Any, seen: Any) -> tuple[int, float]:
    """How many items, and which share of them in percent, may fail."""
    count, percent = 0, 0.0
    if state.tolerated is not None:
        count = number_of(desk, branch, state, state.tolerated, "ToleratedFailureCount", seen, value)
        if count < 0:
            raise runtime("ToleratedFailureCount cannot be negative.")
    if state.tolerated_percent is not None:
        percent = _percent(desk, branch, state, state.tolerated_percent, seen, value)
    return count, percent


def _percent(desk: Desk, branch: Branch, state: Map, setting: Setting, seen: Any, value: Any) -> float:
    found = setting.evaluate(desk.scope(branch, seen, {"input": value}))
    try:
        percent = float("nan") if isinstance(found, bool) else float(found)
    except (TypeError, ValueError, OverflowError):
        percent = float("nan")
    if percent != percent:
        raise not_a(state, setting, "ToleratedFailurePercentage", found, "float")
    if not 0 <= percent <= 100:
        raise runtime("ToleratedFailurePercentage must be between 0 and 100.")
    return percent


def _item(desk: Desk, branch: Branch, state: Map, value: Any, index: int, item: Any) -> Any:
    """What an item's flow gets, with the item in the context object."""
    branch.context["Map"] = {"Item": {"Index": index, "Value": item}}
    if state.item_selector is None:
        return item
    seen = effective(desk, branch, state, value)
    return state.item_selector.evaluate(desk.scope(branch, seen, {"input": value}))


def _inline(desk: Desk, branch: Branch, state: Map, value: Any, items: list[Any], most: int) -> Following:
    """All items in this history; the first that fails ends the others."""
    results: list[Any] = [None] * len(items)
    most, following, after = min(most or INLINE_AT_ONCE, INLINE_AT_ONCE), 0, branch.last
    while following < len(items) or branch.children:
        while following < len(items) and len(branch.children) < most:
            given = _item(desk, branch, state, value, following, items[following])
            child = Branch(state.flow, branch.history, branch, following, own=False)
            child.last = child.history.add("MapIterationStarted", after, details={"Index": following})
            start(desk, child, given)
            following += 1
        yield
        for child in arrivals(branch):
            del branch.children[child.index]
            if child.failure is not None:
                branch.history.add("MapIterationFailed", child.last, details={"Index": child.index})
                raise broken_off(desk, branch, child)
            results[child.index], branch.last, after = child.output, child.closing, child.last
    return results


def _restore(branch: Branch, outer: Any) -> None:
    """Take the last item out of the context object, or put back that of the Map around this one."""
    branch.context.pop("Map", None)
    if outer is not None:
        branch.context["Map"] = outer


def _distributed(
    desk: Desk, branch: Branch, state: Map, value: Any, items: list[Any], most: int, tolerated: tuple[int, float]
) -> Following:
    """Each item, or batch of items, in an execution of its own; more failures than are tolerated end them all."""
    run = MapRun(desk.outside.uuid(), state.label or state.name)
    branch.root.map_runs.append(run)
    branch.record("MapRunStarted", details={"Name": run.name})
    try:
        if state.reader is not None:
            items = yield from _read(desk, branch, state, state.reader, value)
        given = _batches(desk, branch, state, value, items)
        results = yield from _children(desk, branch, state, given, most, tolerated, run)
        if state.writer is not None:
            results = yield from _written(desk, branch, state, value, results, run)
    except Failure as failure:
        run.status = "FAILED"
        if not failure.fatal:
            branch.record("MapRunFailed", details=failure.output())
        raise
    except GeneratorExit:
        run.status = "ABORTED"
        raise
    finally:
        run.running = 0
    run.status = "SUCCEEDED"
    branch.record("MapRunSucceeded")
    return results


def _children(
    desk: Desk, branch: Branch, state: Map, given: list[Any], most: int, tolerated: tuple[int, float], run: MapRun
) -> Generator[None, Any, list[Any]]:
    """Run the child executions; gives the outputs of those that succeeded, in the order of the items."""
    results: dict[int, Any] = {}
    run.total, following = len(given), 0
    most = min(most or DISTRIBUTED_AT_ONCE, DISTRIBUTED_AT_ONCE)
    while following < len(given) or branch.children:
        while following < len(given) and len(branch.children) < most:
            _start_child(desk, branch, state, following, given[following])
            following += 1
        run.running = len(branch.children)
        yield
        for child in arrivals(branch):
            del branch.children[child.index]
            if child.failure is None:
                results[child.index] = child.output
            run.succeeded, run.failed = len(results), run.failed + (child.failure is not None)
            if child.failure is not None and (run.failed > tolerated[0] and run.failed * 100 > tolerated[1] * run.total):
                _end_children(desk, branch)
                raise Failure(TOO_MANY_FAILED, "The specified tolerated failure threshold was exceeded")
    return [results[i] for i in sorted(results)]


def _start_child(desk: Desk, branch: Branch, state: Map, index: int, given: Any) -> None:
    """Begin the execution of one item."""
    child = Branch(state.flow, History(desk.outside.now_ns, state.express), branch, index, own=True)
    name, outer = desk.outside.uuid(), branch.context["Execution"]
    child.context = {
        "Execution": {**outer, "Id": f"{outer['Id']}/{name}", "Name": name, "Input": given},
        "StateMachine": {**branch.context["StateMachine"]},
    }
    child.context["Execution"]["StartTime"] = timestamps.show(desk.outside.now_ns())
    child.record("ExecutionStarted", details=given)
    child.last = 0
    if state.express:
        desk.limit(child, EXPRESS_S)
    start(desk, child, given)


def _end_children(desk: Desk, branch: Branch) -> None:
    for child in branch.children.values():
        desk.drop(child)
    branch.children.clear()
    branch.inbox.clear()


def _batches(desk: Desk, branch: Branch, state: Map, value: Any, items: list[Any]) -> list[Any]:
    """What the child executions get: items, or batches of them."""
    given = [_item(desk, branch, state, value, i, item) for i, item in enumerate(items)]
    batcher = state.batcher
    if batcher is None:
        return given
    seen = effective(desk, branch, state, value)
    most, most_bytes = (
        None if setting is None else max(1, number_of(desk, branch, state, setting, name, seen, value))
        for setting, name in ((batcher.most, "MaxItemsPerBatch"), (batcher.most_bytes, "MaxInputBytesPerBatch"))
    )
    also: dict[str, Any] = {}
    if batcher.also is not None:
        also["BatchInput"] = batcher.also.evaluate(desk.scope(branch, seen, {"input": value}))
    found: list[list[Any]] = []
    used = 0
    for item in given:
        size = jsontext.size(item) + 1
        if not found or (most and len(found[-1]) >= most) or (most_bytes and used + size > most_bytes):
            found.append([])
            used = jsontext.size({**also, "Items": []})
        found[-1].append(item)
        used += size
    return [{**also, "Items": batch} for batch in found]


def _call(desk: Desk, branch: Branch, state: Map, part: Any, value: Any, purpose: str, more: Any = None) -> Following:
    """Call the resource of a reader or a writer."""
    seen = effective(desk, branch, state, value)
    given = {} if part.parameters is None else part.parameters.evaluate(desk.scope(branch, seen, {"input": value}))
    given = given if more is None else {"Parameters": given, "Results": more}
    desk.ask(branch, Invoke(desk.new_id(), part.resource, given, state.name, purpose=purpose))
    return (yield)


def _read(desk: Desk, branch: Branch, state: Map, reader: Reader, value: Any) -> Generator[None, Any, list[Any]]:
    """The items of a reader: what is read is an array already, or the text of a file."""
    try:
        found = yield from _call(desk, branch, state, reader, value, "read items")
    except Failure as failure:
        raise failure if failure.bare or failure.fatal else Failure(READER_FAILED, failure.cause) from None
    items = _parsed(reader, found)
    if reader.most is None:
        return items
    most = whole_number(reader.most.evaluate(desk.scope(branch, effective(desk, branch, state, value), {"input": value})))
    if most is None or most < 0:
        raise runtime("MaxItems has to be a whole number that is not negative.")
    return items[:most] if most else items


def _parsed(reader: Reader, found: Any) -> list[Any]:
    """The items in what was read."""
    try:
        if isinstance(found, str) and reader.form == "CSV":
            rows = [row for row in csv.reader(io.StringIO(found), delimiter=reader.delimiter) if row]
            names = list(reader.headers) if reader.headers is not None else rows.pop(0) if rows else []
            return [dict(zip(names, [*row, *[""] * len(names)], strict=False)) for row in rows]
        if isinstance(found, str) and reader.form == "JSONL":
            return [jsontext.read(line) for line in found.splitlines() if line.strip()]
        found = jsontext.read(found) if isinstance(found, str) else found
    except (ValueError, csv.Error) as fault:
        raise Failure(READER_FAILED, f"Attempting to parse the items failed: {fault}") from None
    if not isinstance(found, list):
        raise Failure(READER_FAILED, "Attempting to map over non-iterable node.")
    return found


def _written(desk: Desk, branch: Branch, state: Map, value: Any, results: list[Any], run: MapRun) -> Following:
    """Hand the results to the writer; gives what the Map passes on instead of them."""
    try:
        yield from _call(desk, branch, state, state.writer, value, "write results", results)
    except Failure as failure:
        raise failure if failure.bare or failure.fatal else Failure(WRITER_FAILED, failure.cause) from None
    assert state.writer is not None
    seen = effective(desk, branch, state, value)
    parameters = state.writer.parameters
    given = {} if parameters is None else parameters.evaluate(desk.scope(branch, seen, {"input": value}))
    given = given if isinstance(given, dict) else {}
    prefix = str(given.get("Prefix", "")).rstrip("/")
    details = {"Bucket": given.get("Bucket"), "Key": f"{prefix}/{run.name}/manifest.json".lstrip("/")}
    result = {"MapRunArn": f"{branch.context['StateMachine']['Id']}/{run.label}:{run.name}", "ResultWriterDetails": details}
    check_size(result, state.name)
    return result
