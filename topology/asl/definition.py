"""State machines as their definitions write them: read, checked whole, and compiled for an execution to follow."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, TypeVar

from topology.asl import choice, jsontext, timestamps
from topology.asl.failures import ALL, KNOWN_ERRORS
from topology.asl.jsonata import is_expression
from topology.asl.paths import Path, compile_path
from topology.asl.resource import compile_resource
from topology.asl.states import (
    CLASSES,
    MAX_SECONDS,
    Batcher,
    Catcher,
    Choice,
    Fail,
    Flow,
    Map,
    Parallel,
    Pass,
    Reader,
    Retrier,
    Rule,
    State,
    StateMachine,
    Succeed,
    Task,
    Wait,
    Writer,
    targets,
)
from topology.asl.templates import (
    JSONATA,
    JSONPATH,
    Constant,
    Place,
    Selection,
    Setting,
    Template,
    compile_query,
    compile_value,
)
from topology.problems import Refused, near_miss

MAX_DEFINITION = 1_048_576
"""Bytes of a definition (Step Functions Developer Guide, "Service quotas")."""

MAX_NAME = 80
"""Characters of a state's name."""

MAX_DELAY = 31_622_400
"""MaxDelaySeconds has to be below this."""

MAX_NESTED = 20
"""How deep Parallel and Map states may be nested."""

MAX_LABEL = 40
MOST_KEPT = 32
"""So many machines that were read last are kept."""

TYPES = ("Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map")
LANGUAGES = (JSONPATH, JSONATA)
_LABEL = re.compile(r"[^\s?*<>{}\[\]:;,\\|^~$#%&`\"\x00-\x1f\x7f-\x9f]+")
_VARIABLE = re.compile(r"[^\W\d]\w{0,79}")

_PIPE = ("InputPath", "OutputPath")
_BOTH = {
    "Task": ("Resource", "TimeoutSeconds", "HeartbeatSeconds", "Credentials", "Retry", "Catch", "Assign", "Next", "End"),
    "Pass": ("Assign", "Next", "End"),
    "Choice": ("Choices", "Default", "Assign"),
    "Wait": ("Seconds", "Timestamp", "Assign", "Next", "End"),
    "Succeed": (),
    "Fail": ("Error", "Cause"),
    "Parallel": ("Branches", "Retry", "Catch", "Assign", "Next", "End"),
    "Map": (
        *("ItemProcessor", "Iterator", "ItemSelector", "ItemReader", "ItemBatcher", "ResultWriter", "Label"),
        *("MaxConcurrency", "ToleratedFailureCount", "ToleratedFailurePercentage"),
        *("Retry", "Catch", "Assign", "Next", "End"),
    ),
}
_IN_JSONPATH = {
    "Task": (*_PIPE, "Parameters", "ResultSelector", "ResultPath", "TimeoutSecondsPath", "HeartbeatSecondsPath"),
    "Pass": (*_PIPE, "Parameters", "Result", "ResultPath"),
    "Choice": _PIPE,
    "Wait": (*_PIPE, "SecondsPath", "TimestampPath"),
    "Succeed": _PIPE,
    "Fail": ("ErrorPath", "CausePath"),
    "Parallel": (*_PIPE, "Parameters", "ResultSelector", "ResultPath"),
    "Map": (
        *(*_PIPE, "Parameters", "ResultSelector", "ResultPath", "ItemsPath", "MaxConcurrencyPath"),
        *("ToleratedFailureCountPath", "ToleratedFailurePercentagePath"),
    ),
}
_IN_JSONATA = {
    "Task": ("Arguments", "Output"),
    "Pass": ("Output",),
    "Choice": ("Output",),
    "Wait": ("Output",),
    "Succeed": ("Output",),
    "Fail": (),
    "Parallel": ("Arguments", "Output"),
    "Map": ("Items", "Output"),
}
_COMMON = ("Type", "Comment", "QueryLanguage")
_ONLY_DISTRIBUTED = ("ItemReader", "ItemBatcher", "ResultWriter", "Label")


class Mistakes(Refused):
    """A definition with mistakes: `path` and `words` are the first one's, `all` has every one."""

    def __init__(self, found: list[Refused]) -> None:
        super().__init__(found[0].path, found[0].words)
        self.all = tuple(found)
        if len(found) > 1:
            self.args = ("\n".join(str(mistake) for mistake in found),)


_T = TypeVar("_T")


def load(definition: Any, *, express: bool = False) -> StateMachine:
    """The machine that a definition describes: JSON text or its value. Raises Mistakes, a Refused, with all that is wrong.

    `express`: for a machine of the Express kind, which has no tasks that wait for jobs, tokens or activities. A definition
    that was read lately gives the same machine again: nobody changes one.
    """
    return _machine(_text(definition), express)


@lru_cache(maxsize=MOST_KEPT)
def _machine(text: str | bytes, express: bool) -> StateMachine:
    """The machine of a text."""
    checker = _Checker(express)
    machine = checker.machine(_plain(text))
    if checker.found or machine is None:
        raise Mistakes(checker.found)
    return machine


def _text(definition: Any) -> str | bytes:
    """A definition as JSON text."""
    if isinstance(definition, (str, bytes)):
        return definition
    try:
        return jsontext.write(definition)
    except (ValueError, RecursionError) as fault:
        raise _no_json(fault) from None


def _plain(text: str | bytes) -> Any:
    """A definition as plain JSON of its own."""
    try:
        if len(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text) > MAX_DEFINITION:
            raise Refused((), f"a definition may have {MAX_DEFINITION:,} bytes")
        return json.loads(text, object_pairs_hook=_once)
    except Refused as fault:
        raise Mistakes([fault]) from None
    except (ValueError, RecursionError) as fault:
        raise _no_json(fault) from None


def _no_json(fault: Exception) -> Mistakes:
    return Mistakes([Refused((), f"a definition has to be JSON: {fault or 'it is nested too deep'}")])


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Refused((twice,), "is given twice in one object")
    return found


class _Checker:
    """Reads a definition and notes every mistake; what it returns beside mistakes is not used."""

    def __init__(self, express: bool) -> None:
        self.express = express
        self.found: list[Refused] = []
        self.names: set[str] = set()

    def note(self, place: Place, words: str) -> None:
        if len(self.found) < 100:
            self.found.append(Refused(place, words))

    def tried(self, read: Callable[..., _T], *args: Any, **more: Any) -> _T | None:
        """What a reader gives; its refusal is noted."""
        try:
            return read(*args, **more)
        except Refused as mistake:
            self.note(mistake.path, mistake.words)
            return None

    def unknown(self, value: dict[str, Any], known: Iterable[str], place: Place, what: str) -> None:
        """Note fields that there are not."""
        names = tuple(known)
        for name in value:
            if name not in names:
                hint = near_miss(name, names)
                self.note((*place, name), f"is no field of {what}" + (f" (did you mean {hint}?)" if hint else ""))

    def text(self, value: dict[str, Any], name: str, place: Place, default: str = "") -> str:
        """A field that is a text."""
        found = value.get(name, default)
        if not isinstance(found, str):
            self.note((*place, name), "expected a text")
            return default
        return found

    def mapping(self, value: Any, place: Place, words: str = "expected an object") -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        self.note(place, words)
        return {}

    def machine(self, value: Any) -> StateMachine | None:
        """The whole definition."""
        if not isinstance(value, dict):
            self.note((), "expected an object with StartAt and States")
            return None
        known = ("Comment", "StartAt", "States", "Version", "TimeoutSeconds", "QueryLanguage")
        self.unknown(value, known, (), "a state machine")
        if value.get("Version", "1.0") != "1.0":
            self.note(("Version",), "the only version is 1.0")
        language = self.language(value, (), JSONPATH)
        timeout = self.whole(value, "TimeoutSeconds", (), 1, MAX_SECONDS)
        flow = self.flow(value, (), language, language, 0)
        comment = self.text(value, "Comment", ())
        return StateMachine(flow.start, flow.states, language, comment, timeout, self.express)

    def language(self, value: dict[str, Any], place: Place, default: str) -> str:
        said = value.get("QueryLanguage", default)
        if said not in LANGUAGES:
            self.note((*place, "QueryLanguage"), f"expected {' or '.join(LANGUAGES)}")
            return default
        return str(said)

    def whole(self, value: dict[str, Any], name: str, place: Place, low: int, high: int) -> int | None:
        """A field that is a whole number."""
        found = value.get(name)
        if name in value and (not isinstance(found, int) or isinstance(found, bool) or not low <= found <= high):
            self.note((*place, name), f"expected a whole number from {low} to {high:,}")
            return None
        return found

    def flow(self, value: dict[str, Any], place: Place, language: str, whole: str, depth: int) -> Flow:
        """StartAt and States. `whole`: the language of the machine, from which a state may only go to JSONata."""
        states = value.get("States")
        if not isinstance(states, dict) or not states:
            self.note((*place, "States"), "expected an object with at least one state")
            states = {}
        if depth > MAX_NESTED:
            self.note(place, f"Parallel and Map states may be nested {MAX_NESTED} deep")
            states = {}
        start = self.text(value, "StartAt", place)
        if "StartAt" not in value:
            self.note((*place, "StartAt"), "is missing: the name of the first state")
        elif states and start not in states:
            self.points((*place, "StartAt"), start, states)
        found: dict[str, State] = {}
        for name, state in states.items():
            here = (*place, "States", name)
            if not 1 <= len(name) <= MAX_NAME:
                self.note(here, f"a state's name has 1 to {MAX_NAME} characters")
            if name in self.names:
                self.note(here, "a state's name may be used once in the whole machine")
            self.names.add(name)
            made = self.state(name, state, here, language, whole, depth)
            if made is not None:
                found[name] = made
        self.reachable(found, start, place)
        return Flow(start, found)

    def points(self, place: Place, name: str, states: Iterable[str]) -> None:
        hint = near_miss(name, list(states))
        self.note(place, f"there is no state {name!r} here" + (f" (did you mean {hint}?)" if hint else ""))

    def reachable(self, states: dict[str, State], start: str, place: Place) -> None:
        """Every state has to be reached from the first one, and to lead to states that there are."""
        seen, left = {start}, [start]
        while left:
            state = states.get(left.pop())
            for name in targets(state) if state is not None else ():
                if name not in seen:
                    seen.add(name)
                    left.append(name)
        for name, state in states.items():
            for target in targets(state):
                if target not in states:
                    self.points(state.place, target, states)
            if name not in seen and start in states and not self.found:
                self.note(state.place, "no state leads here")

    def state(self, name: str, value: Any, place: Place, language: str, whole: str, depth: int) -> State | None:
        """One state, of whichever type."""
        value = self.mapping(value, place, "expected an object that describes a state")
        kind = value.get("Type")
        if kind not in TYPES:
            hint = near_miss(kind, TYPES) if isinstance(kind, str) else ""
            self.note((*place, "Type"), f"expected one of {', '.join(TYPES)}" + (f" (did you mean {hint}?)" if hint else ""))
            return None
        language = self.language(value, place, language)
        if whole == JSONATA and language == JSONPATH:
            self.note((*place, "QueryLanguage"), "a machine in JSONata has no states in JSONPath")
        self.fields(value, str(kind), language, place)
        made = CLASSES[kind](name, kind, language, place)
        made.comment = self.text(value, "Comment", place)
        self.pipeline(made, value)
        self.onward(made, value)
        self.errors(made, value)
        reader: Callable[..., None] = getattr(self, f"{kind.lower()}_state")
        reader(made, value, place, *((whole, depth) if kind in ("Map", "Parallel") else ()))
        return made

    def fields(self, value: dict[str, Any], kind: str, language: str, place: Place) -> None:
        """Note fields that a type has not, or not in this language."""
        here = _IN_JSONPATH if language == JSONPATH else _IN_JSONATA
        other = _IN_JSONATA if language == JSONPATH else _IN_JSONPATH
        known = (*_COMMON, *_BOTH[kind], *here[kind])
        for name in [name for name in value if name not in known and name in other[kind]]:
            self.note((*place, name), f"is a field of {JSONATA if language == JSONPATH else JSONPATH}, not of {language}")
        self.unknown(value, (*known, *other[kind]), place, f"a {kind} state")

    def pipeline(self, state: State, value: dict[str, Any]) -> None:
        """The fields that shape what goes in and comes out."""
        place, language = state.place, state.language
        state.input_path = self.path(value, "InputPath", place)
        state.output_path = self.path(value, "OutputPath", place)
        if value.get("ResultPath", "$") is not None:
            state.result_path = self.tried(result_path, value.get("ResultPath", "$"), (*place, "ResultPath"))
        for name in ("Parameters", "Arguments"):
            if name in value and state.type != "Map":
                state.parameters = self.template(value, name, place, language)
        if "Parameters" in value:
            self.payload(value["Parameters"], (*place, "Parameters"))
        state.selector = self.template(value, "ResultSelector", place, language)
        if "ResultSelector" in value:
            self.mapping(value["ResultSelector"], (*place, "ResultSelector"))
        state.output = self.template(value, "Output", place, language)
        state.assign = self.assign(value, place, language)

    def payload(self, value: Any, place: Place) -> None:
        """A payload template is an object or an array."""
        if not isinstance(value, (dict, list)):
            self.note(place, "expected an object")

    def path(self, value: dict[str, Any], name: str, place: Place) -> Selection | None:
        """A path that may be null; `$` where nothing is said."""
        said = value.get(name, "$")
        if said is None:
            return None
        path = self.tried(compile_path, said, (*place, name))
        return Selection(path, name) if path is not None else None

    def template(self, value: dict[str, Any], name: str, place: Place, language: str) -> Template | None:
        return self.tried(Template, value[name], (*place, name), language) if name in value else None

    def assign(self, value: dict[str, Any], place: Place, language: str) -> Template | None:
        """The variables that are set."""
        if "Assign" not in value:
            return None
        here = (*place, "Assign")
        for name in self.mapping(value["Assign"], here, "expected an object of variables"):
            plain = name.removesuffix(".$") if language == JSONPATH else name
            if not _VARIABLE.fullmatch(plain) or plain == "states":
                self.note((*here, name), "a variable's name is a letter and up to 79 letters and digits, and not states")
        return self.template(value, "Assign", place, language)

    def onward(self, state: State, value: dict[str, Any]) -> None:
        """Next or End."""
        if state.type in ("Choice", "Succeed", "Fail"):
            return
        if ("Next" in value) == ("End" in value):
            self.note(state.place, "expected either Next or End")
        elif "End" in value and value["End"] is not True:
            self.note((*state.place, "End"), "expected true")
        elif "Next" in value:
            state.next = self.text(value, "Next", state.place)

    def errors(self, state: State, value: dict[str, Any]) -> None:
        """Retry and Catch."""
        retriers = self.listed(value, "Retry", state.place)
        place, last = state.place, len(retriers) - 1
        state.retry = tuple(self.retrier(one, (*place, "Retry", i), i == last) for i, one in enumerate(retriers))
        catchers = self.listed(value, "Catch", state.place)
        language, last = state.language, len(catchers) - 1
        state.catch = tuple(self.catcher(one, (*place, "Catch", i), i == last, language) for i, one in enumerate(catchers))

    def listed(self, value: dict[str, Any], name: str, place: Place) -> list[Any]:
        found = value.get(name, [])
        if not isinstance(found, list):
            self.note((*place, name), "expected an array")
            return []
        return found

    def names_of_errors(self, value: dict[str, Any], place: Place, last: bool) -> tuple[str, ...]:
        """ErrorEquals."""
        here, names = (*place, "ErrorEquals"), value.get("ErrorEquals")
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            self.note(here, "expected an array of error names that is not empty")
            return ()
        for name in names:
            if name.startswith("States.") and name not in KNOWN_ERRORS:
                hint = near_miss(name, KNOWN_ERRORS)
                self.note(here, f"there is no error {name!r}" + (f" (did you mean {hint}?)" if hint else ""))
        if ALL in names and (len(names) > 1 or not last):
            self.note(here, f"{ALL} stands alone, and in the last one")
        return tuple(names)

    def retrier(self, value: Any, place: Place, last: bool) -> Retrier:
        value = self.mapping(value, place)
        known = ("ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy", "Comment")
        self.unknown(value, known, place, "Retry")
        errors = self.names_of_errors(value, place, last)
        interval = self.whole(value, "IntervalSeconds", place, 1, MAX_SECONDS)
        attempts = self.whole(value, "MaxAttempts", place, 0, MAX_SECONDS)
        longest = self.whole(value, "MaxDelaySeconds", place, 1, MAX_DELAY - 1)
        rate = value.get("BackoffRate", 2.0)
        if not isinstance(rate, (int, float)) or isinstance(rate, bool) or not 1 <= rate <= 1e6:
            self.note((*place, "BackoffRate"), "expected a number of at least 1")
            rate = 2.0
        jitter = value.get("JitterStrategy", "NONE")
        if jitter not in ("NONE", "FULL"):
            self.note((*place, "JitterStrategy"), "expected NONE or FULL")
        return Retrier(
            errors,
            1 if interval is None else interval,
            3 if attempts is None else attempts,
            float(rate),
            longest,
            jitter == "FULL",
        )

    def catcher(self, value: Any, place: Place, last: bool, language: str) -> Catcher:
        value = self.mapping(value, place)
        more = ("ResultPath",) if language == JSONPATH else ("Output",)
        self.unknown(value, ("ErrorEquals", "Next", "Assign", "Comment", *more), place, f"Catch in {language}")
        errors = self.names_of_errors(value, place, last)
        path = None
        if value.get("ResultPath", "$") is not None:
            path = self.tried(result_path, value.get("ResultPath", "$"), (*place, "ResultPath"))
        assign, output = self.assign(value, place, language), self.template(value, "Output", place, language)
        return Catcher(errors, self.target(value, "Next", place), path, assign, output)

    def target(self, value: dict[str, Any], name: str, place: Place) -> str:
        if name not in value:
            self.note((*place, name), "is missing: the name of a state")
        return self.text(value, name, place)

    def setting(
        self, value: dict[str, Any], name: str, place: Place, language: str, low: int, high: int, whole: bool = True
    ) -> Setting | None:
        """A number: a constant, an expression, or in JSONPath a path in the field of the same name with Path behind it."""
        by_path = f"{name}Path"
        if name in value and by_path in value:
            self.note((*place, by_path), f"goes without {name}")
        if by_path in value:
            path = self.tried(compile_path, value[by_path], (*place, by_path), reference=True)
            return Selection(path, by_path) if path is not None else None
        if name not in value:
            return None
        found = value[name]
        if language == JSONATA and is_expression(found):
            return self.tried(compile_query, found, (*place, name), name)
        kinds = int if whole else (int, float)
        if not isinstance(found, kinds) or isinstance(found, bool) or not low <= found <= high:
            also = " or a JSONata expression" if language == JSONATA else ""
            self.note((*place, name), f"expected a {'whole ' if whole else ''}number from {low} to {high:,}{also}")
        return Constant(found)

    def task_state(self, state: Task, value: dict[str, Any], place: Place) -> None:
        if "Resource" not in value:
            self.note((*place, "Resource"), "is missing: what the task calls")
        resource = self.tried(compile_resource, value.get("Resource", "-"), (*place, "Resource"))
        if resource is not None:
            state.resource = resource
            if self.express and (resource.submits or resource.kind == "activity"):
                self.note((*place, "Resource"), "an Express machine does not wait for jobs, tokens or activities")
        state.timeout = self.setting(value, "TimeoutSeconds", place, state.language, 1, MAX_SECONDS)
        state.heartbeat = self.setting(value, "HeartbeatSeconds", place, state.language, 1, MAX_SECONDS)
        timeout, heartbeat = state.timeout, state.heartbeat
        both = isinstance(timeout, Constant) and isinstance(heartbeat, Constant) and not self.found
        if both and heartbeat.value >= timeout.value:  # type: ignore[union-attr]
            self.note((*place, "HeartbeatSeconds"), "has to be less than TimeoutSeconds")
        if "Credentials" in value:
            self.mapping(value["Credentials"], (*place, "Credentials"))
        state.credentials = self.template(value, "Credentials", place, state.language)

    def pass_state(self, state: Pass, value: dict[str, Any], place: Place) -> None:
        if "Result" in value:
            state.result = Constant(value["Result"])

    def choice_state(self, state: Choice, value: dict[str, Any], place: Place) -> None:
        rules = self.listed(value, "Choices", place)
        if not rules:
            self.note((*place, "Choices"), "expected an array of rules that is not empty")
        state.rules = tuple(self.rule(one, (*place, "Choices", i), state) for i, one in enumerate(rules))
        if "Default" in value:
            state.default = self.text(value, "Default", place)

    def rule(self, value: Any, place: Place, state: Choice) -> Rule:
        """One rule: in JSONata a Condition, in JSONPath a test."""
        value, language = self.mapping(value, place), state.language
        target = self.target(value, "Next", place)
        # A rule without an Assign sets nothing, whatever the state says for its default.
        assign = self.assign(value, place, language) or Template({}, place, language)
        if language == JSONPATH:
            return Rule(target, self.tried(choice.compile_rule, value, place), None, assign)
        self.unknown(value, ("Condition", "Next", "Assign", "Output", "Comment"), place, "a rule in JSONata")
        said, condition = value.get("Condition"), None
        if is_expression(said):
            condition = self.tried(compile_query, said, (*place, "Condition"), place_name(place, "Condition"))
        elif not isinstance(said, bool):
            self.note((*place, "Condition"), "expected a JSONata expression, true or false")
        return Rule(target, None, condition or Constant(said), assign, self.template(value, "Output", place, language))

    def wait_state(self, state: Wait, value: dict[str, Any], place: Place) -> None:
        ways = [name for name in ("Seconds", "Timestamp", "SecondsPath", "TimestampPath") if name in value]
        if len(ways) != 1:
            self.note(place, "expected one of Seconds, Timestamp, SecondsPath and TimestampPath")
            return
        state.way = ways[0]
        if state.way in ("Seconds", "SecondsPath"):
            found = self.setting(value, "Seconds", place, state.language, 0, MAX_SECONDS)
        else:
            found = self.timestamp(value, place, state)
        state.until = found if found is not None else state.until

    def timestamp(self, value: dict[str, Any], place: Place, state: Wait) -> Setting | None:
        if state.way == "TimestampPath":
            path = self.tried(compile_path, value["TimestampPath"], (*place, "TimestampPath"), reference=True)
            return Selection(path, "TimestampPath") if path is not None else None
        said = value["Timestamp"]
        if state.in_jsonata and is_expression(said):
            return self.tried(compile_query, said, (*place, "Timestamp"), "Timestamp")
        if timestamps.parse(said) is None:
            self.note((*place, "Timestamp"), "expected a timestamp such as 2016-03-14T01:59:00Z")
        return Constant(said)

    def succeed_state(self, state: Succeed, value: dict[str, Any], place: Place) -> None:
        """It has no fields of its own."""

    def fail_state(self, state: Fail, value: dict[str, Any], place: Place) -> None:
        state.error = self.words(value, "Error", place, state.language)
        state.cause = self.words(value, "Cause", place, state.language)

    def words(self, value: dict[str, Any], name: str, place: Place, language: str) -> Callable[[Any], Any] | None:
        """Error or Cause: a text, an expression, or a path or function in the field with Path behind it."""
        by_path = f"{name}Path"
        if name in value and by_path in value:
            self.note((*place, by_path), f"goes without {name}")
        if by_path in value:
            return self.tried(compile_value, value[by_path], (*place, by_path), by_path)
        if name not in value:
            return None
        said = self.text(value, name, place)
        if language == JSONATA and is_expression(said):
            query = self.tried(compile_query, said, (*place, name), name)
            return query.evaluate if query is not None else None
        return Constant(said).evaluate

    def parallel_state(self, state: Parallel, value: dict[str, Any], place: Place, whole: str, depth: int) -> None:
        branches = self.listed(value, "Branches", place)
        if not branches:
            self.note((*place, "Branches"), "expected an array of branches that is not empty")
        found = []
        for i, branch in enumerate(branches):
            here = (*place, "Branches", i)
            branch = self.mapping(branch, here)
            self.unknown(branch, ("StartAt", "States", "Comment", "QueryLanguage"), here, "a branch")
            found.append(self.flow(branch, here, self.language(branch, here, whole), whole, depth + 1))
        state.branches = tuple(found)

    def map_state(self, state: Map, value: dict[str, Any], place: Place, whole: str, depth: int) -> None:
        self.processor(state, value, place, whole, depth)
        self.items(state, value, place)
        language = state.language
        state.concurrency = self.setting(value, "MaxConcurrency", place, language, 0, MAX_SECONDS) or Constant(0)
        state.tolerated = self.setting(value, "ToleratedFailureCount", place, language, 0, 10**9)
        state.tolerated_percent = self.setting(value, "ToleratedFailurePercentage", place, language, 0, 100, whole=False)
        for name in _ONLY_DISTRIBUTED:
            if name in value and not state.distributed:
                self.note((*place, name), "goes only with a ProcessorConfig whose Mode is DISTRIBUTED")
        if "Label" in value:
            state.label = self.text(value, "Label", place)
            if len(state.label) > MAX_LABEL or not _LABEL.fullmatch(state.label):
                self.note((*place, "Label"), f"a label has 1 to {MAX_LABEL} characters and neither spaces nor signs")
        if "ItemReader" in value:
            state.reader = self.item_reader(value["ItemReader"], (*place, "ItemReader"), language)
        if "ItemBatcher" in value:
            state.batcher = self.item_batcher(value["ItemBatcher"], (*place, "ItemBatcher"), language)
        if "ResultWriter" in value:
            state.writer = self.result_writer(value["ResultWriter"], (*place, "ResultWriter"), language)

    def processor(self, state: Map, value: dict[str, Any], place: Place, whole: str, depth: int) -> None:
        """ItemProcessor, or Iterator as it was called before."""
        if ("ItemProcessor" in value) == ("Iterator" in value):
            self.note(place, "expected either ItemProcessor or Iterator")
            return
        name = "ItemProcessor" if "ItemProcessor" in value else "Iterator"
        here, inner = (*place, name), self.mapping(value[name], (*place, name))
        self.unknown(inner, ("StartAt", "States", "ProcessorConfig", "Comment", "QueryLanguage"), here, name)
        config = self.mapping(inner.get("ProcessorConfig", {}), (*here, "ProcessorConfig"))
        there = (*here, "ProcessorConfig")
        self.unknown(config, ("Mode", "ExecutionType"), there, "ProcessorConfig")
        mode, kind = config.get("Mode", "INLINE"), config.get("ExecutionType", "STANDARD")
        if mode not in ("INLINE", "DISTRIBUTED"):
            self.note((*there, "Mode"), "expected INLINE or DISTRIBUTED")
        if kind not in ("STANDARD", "EXPRESS"):
            self.note((*there, "ExecutionType"), "expected STANDARD or EXPRESS")
        if mode == "DISTRIBUTED" and "ExecutionType" not in config:
            self.note((*there, "ExecutionType"), "is missing: STANDARD or EXPRESS")
        state.distributed, state.express = mode == "DISTRIBUTED", kind == "EXPRESS"
        if state.distributed and self.express:
            self.note((*there, "Mode"), "an Express machine has no distributed Map")
        outer, self.express = self.express, self.express or (state.distributed and state.express)
        state.flow = self.flow(inner, here, self.language(inner, here, whole), whole, depth + 1)
        self.express = outer

    def items(self, state: Map, value: dict[str, Any], place: Place) -> None:
        """What a Map goes over, and how an item is shaped."""
        if "ItemsPath" in value:
            path = self.tried(compile_path, value["ItemsPath"], (*place, "ItemsPath"))
            state.items = Selection(path, "ItemsPath") if path is not None else None
        if "Items" in value:
            said = value["Items"]
            if is_expression(said):
                state.items = self.tried(compile_query, said, (*place, "Items"), "Items")
            elif isinstance(said, list):
                state.items = self.template(value, "Items", place, state.language)
            else:
                self.note((*place, "Items"), "expected an array or a JSONata expression; an object is not supported")
        if "ItemSelector" in value and "Parameters" in value:
            self.note((*place, "Parameters"), "goes without ItemSelector, which is its new name")
        for name in ("Parameters", "ItemSelector"):
            if name in value:
                state.item_selector = self.template(value, name, place, state.language)
        if "ItemSelector" in value and not (state.in_jsonata and is_expression(value["ItemSelector"])):
            self.payload(value["ItemSelector"], (*place, "ItemSelector"))

    def inputs(self, value: dict[str, Any], place: Place, language: str) -> Template | None:
        """Parameters or Arguments of a reader or a writer."""
        wrong, right = ("Arguments", "Parameters") if language == JSONPATH else ("Parameters", "Arguments")
        if wrong in value:
            self.note((*place, wrong), f"is called {right} in {language}")
        return self.template(value, right, place, language)

    def item_reader(self, value: Any, place: Place, language: str) -> Reader | None:
        value = self.mapping(value, place)
        self.unknown(value, ("Resource", "Parameters", "Arguments", "ReaderConfig", "Comment"), place, "ItemReader")
        resource = self.tried(compile_resource, value.get("Resource"), (*place, "Resource"))
        config, here = self.mapping(value.get("ReaderConfig", {}), (*place, "ReaderConfig")), (*place, "ReaderConfig")
        known = ("InputType", "CSVHeaderLocation", "CSVHeaders", "CSVDelimiter", "MaxItems", "MaxItemsPath", "Comment")
        self.unknown(config, known, here, "ReaderConfig that is supported")
        form = config.get("InputType", "")
        if form not in ("", "JSON", "JSONL", "CSV"):
            self.note((*here, "InputType"), f"{form!r} is not supported; there are JSON, JSONL and CSV")
        most = self.setting(config, "MaxItems", here, language, 0, 100_000_000)
        inputs = self.inputs(value, place, language)
        headers, delimiter = self.csv(config, here, form == "CSV")
        return Reader(resource, inputs, str(form), headers, delimiter, most) if resource is not None else None

    def csv(self, config: dict[str, Any], place: Place, wanted: bool) -> tuple[tuple[str, ...] | None, str]:
        """How a CSV file is read: the given headers or None for its first line, and what stands between values."""
        where, headers = config.get("CSVHeaderLocation"), config.get("CSVHeaders")
        if wanted and where not in ("FIRST_ROW", "GIVEN"):
            self.note((*place, "CSVHeaderLocation"), "expected FIRST_ROW or GIVEN")
        if (where == "GIVEN") != ("CSVHeaders" in config):
            self.note((*place, "CSVHeaders"), "go with a CSVHeaderLocation that is GIVEN")
        elif headers is not None and (not isinstance(headers, list) or not all(isinstance(name, str) for name in headers)):
            self.note((*place, "CSVHeaders"), "expected an array of texts")
            headers = None
        delimiters = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
        delimiter = config.get("CSVDelimiter", "COMMA")
        if not isinstance(delimiter, str) or delimiter not in delimiters:
            self.note((*place, "CSVDelimiter"), f"expected one of {', '.join(delimiters)}")
            delimiter = "COMMA"
        return (tuple(headers) if headers else None), delimiters[delimiter]

    def item_batcher(self, value: Any, place: Place, language: str) -> Batcher:
        value = self.mapping(value, place)
        sizes = ("MaxItemsPerBatch", "MaxInputBytesPerBatch")
        self.unknown(value, (*sizes, *(f"{name}Path" for name in sizes), "BatchInput", "Comment"), place, "ItemBatcher")
        most = self.setting(value, sizes[0], place, language, 1, 100_000_000)
        most_bytes = self.setting(value, sizes[1], place, language, 1, 262_144)
        if most is None and most_bytes is None:
            self.note(place, f"expected {sizes[0]} or {sizes[1]}")
        return Batcher(most, most_bytes, self.template(value, "BatchInput", place, language))

    def result_writer(self, value: Any, place: Place, language: str) -> Writer | None:
        value = self.mapping(value, place)
        self.unknown(value, ("Resource", "Parameters", "Arguments", "Comment"), place, "ResultWriter that is supported")
        resource = self.tried(compile_resource, value.get("Resource"), (*place, "Resource"))
        inputs = self.inputs(value, place, language)
        return Writer(resource, inputs) if resource is not None else None



def result_path(text: Any, place: Place) -> Path:
    """A path of the input to write to. Raises Refused."""
    path = compile_path(text, place, reference=True)
    if path.root != "$":
        raise Refused(place, "expected a place in the input, a path that begins with $.")
    return path


def place_name(place: Place, name: str) -> str:
    """A field as a message names it: from its state on."""
    inner = [f"[{step}]" if isinstance(step, int) else f"/{step}" for step in place[place.index("States") + 2 :]]
    return "".join((*inner, f"/{name}")).removeprefix("/")
