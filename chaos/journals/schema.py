"""The published schema of the JSON report: every field of a journal, its type, its unit, and what it says."""

from __future__ import annotations

from typing import Any

from chaos.journals.journal import COUNTS, SCHEMA

Schema = dict[str, Any]

NUMBER: Schema = {"type": ["number", "null"]}


def schema() -> Schema:
    """JSON Schema (2020-12) of what `knockon run --json` writes, for one run, several seeds, or several playgrounds."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{SCHEMA['name']} version {SCHEMA['version']}",
        "description": "What came of a run. Durations and instants are seconds, shares run from 0 to 1. "
        "Fields may be added within a version; none is taken away or changes its meaning.",
        "anyOf": [{"$ref": "#/$defs/run"}, {"$ref": "#/$defs/several"}, {"$ref": "#/$defs/playgrounds"}],
        "$defs": {
            "schema": _object({"name": {"const": SCHEMA["name"]}, "version": {"const": SCHEMA["version"]}}),
            "run": _run(),
            "several": _several(),
            "playgrounds": _playgrounds(),
            "claim": _claim(),
            "over": _over(),
            "fault": _fault(),
            "command": _command(),
            "design": _design(),
            "flow": _flow(),
            "node": _node(),
            "plan": _plan(),
            "series": _series(),
            "times": _object({part: NUMBER for part in ("mean", "p50", "p90", "p99", "p999", "max")}),
            "spread": _spread(),
            "environment": _environment(),
        },
    }


def _object(properties: Schema, optional: Schema | None = None, about: str = "") -> Schema:
    """An object that has all properties, and maybe the optional ones."""
    made: Schema = {"type": "object", "properties": {**properties, **(optional or {})}, "required": list(properties)}
    return {**made, "description": about} if about else made


def _text(about: str) -> Schema:
    return {"type": "string", "description": about}


def _flag(about: str) -> Schema:
    return {"type": "boolean", "description": about}


def _number(about: str) -> Schema:
    return {"type": ["number", "null"], "description": about}


def _whole(about: str) -> Schema:
    return {"type": "integer", "description": about}


def _list(of: str | Schema, about: str = "") -> Schema:
    items = {"$ref": f"#/$defs/{of}"} if isinstance(of, str) else of
    return {"type": "array", "items": items, **({"description": about} if about else {})}


def _map(of: str | Schema, about: str = "") -> Schema:
    values = {"$ref": f"#/$defs/{of}"} if isinstance(of, str) else of
    return {"type": "object", "additionalProperties": values, **({"description": about} if about else {})}


def _ref(of: str) -> Schema:
    return {"$ref": f"#/$defs/{of}"}


COMMON: Schema = {
    "schema": {"$ref": "#/$defs/schema"},
    "playground": _text("its name"),
    "duration": _number("simulated seconds in which producers offered"),
    "environment": {"$ref": "#/$defs/environment"},
    "exit_code": {"type": ["integer", "null"], "description": "0, 1, 3, 4 or 128 + signal; null when played by hand"},
    "cut_short": _flag("whether a signal ended it early"),
    "explored": _flag("whether the file expects nothing"),
}
WORDS: Schema = {
    "about": _text("what the playground is about"),
    "lesson": _text("what it teaches"),
    "price": _text("what decoupling costs in it"),
    "plans": {"type": "object", "additionalProperties": {"$ref": "#/$defs/plan"}, "description": "how each design is wired"},
}


def _run() -> Schema:
    own = {
        "seed": _whole("the seed of all chance"),
        "digest": _text("SHA-256 over playground, seed, commands, end, fates and samples: equal digests are equal runs"),
        "drained": _number("simulated seconds after the end until all was settled"),
        "steady": _list("claim", "the gate: what had to hold before the first fault"),
        "expectations": _list("claim", "what was expected"),
        "commands": _list("command", "all that was done, in order"),
        "not_reached": _list("command", "what the end of the run cut off"),
        "not_done": _list("command", "what could not be done, with `why`"),
        "not_fired": _list({"type": "object"}, "entries of the timeline whose condition never came true"),
        "spared": _list("command", "injects that their own probability left out"),
        "faults": _list("fault", "what was injected"),
        "designs": _map("design", "what came of each design"),
        "verdict": _object({"since": _number("since when"), "sentence": _text("a line for each design, worst first")}),
    }
    both = {
        "all_faults": _map(_map({"type": ["number", "string", "null"]}), "by design: what all faults cost"),
        "together": _map(_map(NUMBER), "by design: what all faults cost, less what each cost alone"),
    }
    return _object({**COMMON, **own}, {**WORDS, **both})


def _several() -> Schema:
    own = {
        "seeds": _list(_whole("a seed"), "in the order in which they were run"),
        "expectations": _list("over", "each expectation over all seeds"),
        "over_seeds": _map(_map("spread"), "by design and figure"),
        "runs": _list("run", "one for each seed; only the first and the worst keep their series"),
    }
    return _object({**COMMON, **own, **WORDS})


def _playgrounds() -> Schema:
    own = {
        "schema": _ref("schema"),
        "exit_code": _whole("the strongest of all"),
        "playgrounds": {"type": "array", "items": {"anyOf": [_ref("run"), _ref("several")]}},
    }
    return _object(own, about="several files that were run together")


def _claim() -> Schema:
    return _object(
        {
            "in": _text("the design"),
            "that": _text("the figure, such as web.success"),
            "during": _text("the window"),
            "is": _text("the comparison as written"),
            "op": _text("its operator"),
            "bound": _number("what it is compared with, in SI units"),
            "value": _number("what was read, in SI units; null where there was nothing to read"),
            "verdict": {"enum": ["pass", "fail", "unknown"]},
            "note": _text("why it is unknown, or which part of the window decided"),
            "seeds": {"type": ["integer", "null"], "description": "in how many seeds it must hold; null: in all"},
            "of_seeds": _whole("of how many; of more or fewer seeds it takes the same share"),
            "first_offence": {"anyOf": [_step(), {"type": "null"}], "description": "where it first went wrong"},
            "why": {"anyOf": [_list(_step()), {"type": "null"}], "description": "from the symptom to the root"},
            "sentence": _text("the claim and its value, for people"),
        }
    )


def _step() -> Schema:
    where = {"where": _text("a node, link or fault"), "node": _text("the node")}
    return _object({}, {"at": _number("instant"), **where, "value": NUMBER, "words": _text("what was seen")})


def _over() -> Schema:
    claim = _claim()
    own = {
        "holds_in": _whole("in how many seeds it held"),
        "unknown_in": _whole("in how many it is unknown"),
        "of": _whole("of how many"),
        "needed": _whole("in how many it had to hold"),
        "interval": _list(NUMBER, "Wilson's 95 % interval for the share of all seeds in which it holds"),
        "mean": _number("the mean of what was read"),
        "worst_seed": _whole("the seed that the other fields are about"),
        "worst_verdict": {"enum": ["pass", "fail", "unknown"]},
    }
    return _object({**claim["properties"], **own})


def _fault() -> Schema:
    return _object(
        {
            "id": _whole("its number in this run"),
            "what": _text("the fault"),
            "on": _list({"type": "string"}, "targets as written"),
            "words": _text("targets in words"),
            "targets": _map(_list({"type": "string"}), "what it hit, by design"),
            "params": {"type": "object", "description": "its parameters"},
            "since": _number("instant"),
            "until": _number("instant of the heal; null: the end of the run"),
            "cost": {
                "anyOf": [_map(_map({"type": ["number", "string", "null"]})), {"type": "null"}],
                "description": "by design: this run minus the same run without the fault",
            },
        }
    )


def _command() -> Schema:
    optional = {
        "what": _text("the fault of an inject"),
        "on": _list({"type": "string"}, "targets as written"),
        "in": _list({"type": "string"}, "designs, where not all"),
        "params": {"type": "object"},
        "for_ns": _whole("how long, in nanoseconds"),
        "ramp_ns": _whole("over how long it grows, in nanoseconds"),
        "probability": _number("with which it happens at all"),
        "to": {"description": "the new value of a scale, set or rate"},
        "why": _text("why it could not be done"),
    }
    given = {"at": _number("instant"), "at_ns": _whole("instant in nanoseconds"), "verb": _text("inject, heal, scale …")}
    return _object({**given, "by": _text("who asked: key, timeline, run")}, optional)


def _design() -> Schema:
    turn = {"at": _number("instant"), "node": _text("the node"), "unhealthy": _flag("or well again"), "words": _text("why")}
    link = _object({"attempts": _whole("attempts"), "failed": _whole("of them"), "reasons": _map(_whole("how many"))})
    return _object(
        {
            "flows": _map("flow", "by producer"),
            "nodes": _map("node", "by node"),
            "links": _map(link, "by link, such as `orders -> inventory`"),
            "verdict": _object({"figures": {"type": "object"}, "sentence": _text("for people")}),
            "series": _map("series", "by node and what, such as web.yes or backlog.depth"),
            "turns": _list(_object(turn), "when nodes turned unhealthy or well again"),
        },
        {"emitted": _map("flow", "by node: new messages that nodes inside made, such as alerts; no customer's")},
    )


def _flow() -> Schema:
    counts = {name: _whole("messages") for name in (*COUNTS, "told_yes", "told_no")}
    return _object(
        {
            **counts,
            "wasted": _number("slot-seconds of work for callers that had left"),
            "success": _number("answers that were yes and in time, as a share of the answered"),
            **{name: _ref("times") for name in ("latency", "latency_no", "completion")},
            "reasons": _map(_whole("messages"), "why messages were told no or lost"),
        }
    )


def _node() -> Schema:
    means = ("mean_in_system", "mean_busy", "occupancy", "utilisation", "mean_stay", "mean_wait", "mean_service")
    counted = {"arrivals": _whole("messages that arrived"), "departures": _whole("messages that left")}
    return _object({**counted, **dict.fromkeys(means, NUMBER), "errors": _map(_whole("failures"), "by reason")})


def _plan() -> Schema:
    text = {"type": "string"}
    node = {"name": text, "kind": text, "replicas": {"type": "integer"}, "shared": {"type": "boolean"}}
    link = {"from": text, "to": text, "mode": text, "wiring": text}
    return _object({"about": text, "nodes": _list(_object(node)), "links": _list(_object(link))})


def _series() -> Schema:
    unit = {"enum": ["per second", "messages"]}
    return _object({"bin": _number("width in seconds, from instant 0"), "unit": unit, "values": _list(NUMBER)})


def _spread() -> Schema:
    return _object(
        {
            "mean": NUMBER,
            "sd": _number("sample standard deviation"),
            "interval": {
                "anyOf": [_list(NUMBER), {"type": "null"}],
                "description": "95 % bootstrap interval of the mean; null for one seed",
            },
            "least": NUMBER,
            "most": NUMBER,
            "seeds": _whole("how many seeds have a value"),
        },
        {"worst_seed": _whole("where one way is better")},
    )


def _environment() -> Schema:
    return _object(
        {
            "version": _text("of knockon"),
            "compiled": _flag("whether the engine was compiled"),
            "python": _text("version"),
            "platform": _text("system and machine"),
            "wall_seconds": _number("how long the runs took, added up over all seeds"),
        },
        {
            "started": _text("when, in UTC"),
            "named": _text("what the playground was called on the command line"),
            "world": _text("live where real processes ran; absent where it was simulated"),
        },
    )
