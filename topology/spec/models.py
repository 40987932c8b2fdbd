"""Checked models, generated from the declarations of parameters: for `knockon schema`, editors and plain data.

They check through the same function as `load`, which itself does without them: importing pydantic and building the
models takes longer than everything else that a short run does.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, create_model

from topology.links import LINK_PARAMS
from topology.offering import may_offer
from topology.parameters import Param
from topology.registry import plain_words
from topology.spec.build import PARAMS, RUN, SECTIONS
from topology.spec.catalogue import Catalogue, Faults, Guards, Registered, params_of
from topology.spec.claims import EXPECT_KEYS, HOWS, STEADY_KEYS, WINDOWS
from topology.spec.designs import DICE, REPLICAS, WORK_DOC, ZONES, has_replicas
from topology.spec.screenplay import PARAMS as SCENE
from topology.spec.screenplay import VERBS as SCENE_VERBS
from topology.spec.script import AGAIN, HELD, INJECT, RATE, SCALE, WAITS, WHEN_DOC
from topology.spec.targets import NAME
from topology.spec.values import MAX_LISTED, SHAPES, WRONG, Reading, Route, described

_DURATION = r"^[0-9.]+ *(ns|us|µs|ms|s|min|m|h|d)( *[0-9.]+ *(ns|us|µs|ms|s|min|m|h|d))*$"
_TEXTS = {"duration": _DURATION, "rate": r"^[0-9.]+ */ *(s|min|m|h|d)$", "size": r"^[0-9.]+ *([KMGT]iB|[kKMGT]?B)$"}
_ARROW = "->|=>"


def model(name: str, params: Mapping[str, Param], doc: str = "") -> type[BaseModel]:
    """A model whose fields are these parameters; it takes what a file may say and holds inner values."""
    fields: dict[str, Any] = {key: (_annotation(param), _field(param)) for key, param in params.items()}
    return create_model(name, __config__=_CONFIG, __doc__=doc or None, **fields)


_CONFIG = ConfigDict(extra="forbid", arbitrary_types_allowed=True, validate_default=True)


def kind_model(name: str, catalogue: Catalogue | None = None) -> type[BaseModel]:
    """The parameters of a node kind."""
    kind = (catalogue or Registered()).kind(name)
    return model(name, params_of(kind), plain_words(kind))


def policy_model(name: str, catalogue: Catalogue | None = None) -> type[BaseModel]:
    """The parameters of a policy."""
    policy = (catalogue or Registered()).policy(name)
    return model(name, params_of(policy), plain_words(policy))


def fault_model(name: str, faults: Faults) -> type[BaseModel]:
    """The parameters of a fault."""
    return model(name, params_of(faults[name]), getattr(faults[name], "__doc__", None) or "")


def _annotation(param: Param) -> Any:
    return Annotated[Any, BeforeValidator(partial(_inner, param)), WithJsonSchema(param_schema(param))]


def _field(param: Param) -> Any:
    return Field(description=param.doc) if param.required else Field(default=param.default, description=param.doc)


def _inner(param: Param, data: Any) -> Any:
    """Check one value as `load` does; ValueError with every mistake where it is wrong."""
    wrong: list[str] = []

    def report(route: Route, words: str, near: str) -> None:
        where = ".".join(map(str, route))
        wrong.append(f"{where}: {words}" if where else words)

    value = Reading(report).inner(param, data)
    if value is WRONG:
        raise ValueError("; ".join(wrong))
    return value


# The JSON schema of a whole file


def param_schema(param: Param) -> dict[str, Any]:
    """What an editor should know of one parameter."""
    schema = _of_type(param)
    schema["description"] = param.doc if param.source == "ours" else f"{param.doc} (Source: {param.source})"
    if not param.required and param.default is not None:
        schema["default"] = param.default
    return schema if param.default is not None or param.required else _or_nothing(schema)


def _or_nothing(schema: dict[str, Any]) -> dict[str, Any]:
    doc = schema.pop("description")
    return {"anyOf": [schema, {"type": "null"}], "description": doc}


def _of_type(param: Param) -> dict[str, Any]:
    if param.type == "choice":
        return {"enum": [*param.options, *[int(one) for one in param.options if one.isdigit()]]}
    if param.type == "group":
        return _group(param)
    if param.type == "table":
        rows = _named({"anyOf": [_group(param), {"type": "null"}]})
        return rows | {"minProperties": 1, "maxProperties": MAX_LISTED}
    if param.type == "data":
        return {}
    if param.type in ("words", "paths"):
        return _several()
    if param.type == "dist":
        return _dist()
    if param.type in _TEXTS:
        return _measure(param)
    if param.type == "share":
        percent = {"type": "string", "pattern": "^[0-9.]+ *%$"}
        return {"anyOf": [{"type": "number", **_bounds(param)}, percent]}
    if param.type in ("count", "number"):
        return {"type": "integer" if param.type == "count" else "number", **_bounds(param)}
    return {"type": "boolean"} if param.type == "flag" else {"type": "string"}


def _several() -> dict[str, Any]:
    word = {"type": "string"}
    return {"anyOf": [word, {"type": "array", "items": word, "minItems": 1, "maxItems": MAX_LISTED}]}


def _measure(param: Param) -> dict[str, Any]:
    """A text with a unit, or a plain number where that is clear: 0, and bytes."""
    plain: dict[str, Any] = {"type": "integer", "minimum": 0} if param.type == "size" else {"const": 0}
    return {"anyOf": [{"type": "string", "pattern": _TEXTS[param.type], "title": described(param)}, plain]}


_JSON_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}


def _bounds(param: Param) -> dict[str, Any]:
    found = {word: getattr(param, name) for name, word in _JSON_BOUNDS.items()}
    return {word: bound for word, bound in found.items() if isinstance(bound, int | float)}


def _group(param: Param) -> dict[str, Any]:
    mapping = _mapping({name: param_schema(p) for name, p in param.fields.items()}, _required(param.fields))
    short = param.short or (next(iter(param.fields)) if len(param.fields) == 1 else "")
    return {"anyOf": [mapping, param_schema(param.fields[short])]} if short else mapping


def _dist() -> dict[str, Any]:
    def shape(name: str) -> dict[str, Any]:
        fields = SHAPES[name]
        return _mapping({n: param_schema(p) for n, p in fields.items()}, _required(fields))

    named = [_mapping({n: shape(n)}, [n]) for n in SHAPES if n not in ("lognormal", "empirical")]
    measured = _mapping({"empirical": {"type": "string"}}, ["empirical"])
    text = {"type": "string", "pattern": _DURATION}
    return {"anyOf": [text, {"const": 0}, shape("lognormal"), *named, measured]}


def _required(params: Mapping[str, Param]) -> list[str]:
    return [name for name, param in params.items() if param.required]


def _mapping(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": required} if required else {})


def schema(catalogue: Catalogue | None = None, faults: Faults | None = None) -> dict[str, Any]:
    """The JSON schema of a playground file, for editors, from everything that is registered."""
    known = catalogue or Registered()
    sections: dict[str, Any] = {
        "nodes": _named({"$ref": "#/$defs/node"}),
        "designs": _named({"$ref": "#/$defs/design"}) | {"minProperties": 1},
        "timeline": {"type": "array", "items": {"$ref": "#/$defs/entry"}},
        "steady": {"type": "array", "minItems": 1, "items": _claim(STEADY_KEYS)},
        "expect": {"type": "array", "minItems": 1, "items": _claim(EXPECT_KEYS)},
        "screenplay": {"type": "array", "items": _scene()},
        "run": _run(),
    }
    described_sections = {name: {**part, "description": SECTIONS[name]} for name, part in sections.items()}
    plain = _model_properties(model("playground", PARAMS))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A knockon playground",
        **_mapping({**plain, **described_sections}, [*_required(PARAMS), "designs"]),
        "$defs": {
            "node": _nodes(known),
            "design": _design(known),
            "entry": {"anyOf": [*_inject(faults or {}), *_other_entries()], "oneOf": _one_of("at", "when")},
        },
    }


def _model_properties(made: type[BaseModel]) -> dict[str, Any]:
    properties: dict[str, Any] = made.model_json_schema()["properties"]
    for part in properties.values():
        part.pop("title", None)
    return properties


def _named(part: dict[str, Any]) -> dict[str, Any]:
    names = {"pattern": f"^{NAME.pattern}$"}
    return {"type": "object", "propertyNames": names, "additionalProperties": part}


def _nodes(catalogue: Catalogue) -> dict[str, Any]:
    """A node of any kind; a design's own fields over a shared node may leave the kind out."""
    kinds = [_kind(name, catalogue) for name in catalogue.kind_names()]
    return {"anyOf": kinds, "description": "A node, with the parameters of its kind and the policies that guard it."}


def _kind(name: str, catalogue: Catalogue) -> dict[str, Any]:
    kind = catalogue.kind(name)
    properties = {"kind": {"const": name}, **_model_properties(kind_model(name, catalogue))}
    common = {"dice": DICE, **({"replicas": REPLICAS, "zones": ZONES} if has_replicas(kind) else {})}
    properties |= {n: param_schema(p) for n, p in common.items()}
    if may_offer(kind):
        properties["work"] = {"type": "array", "items": {"type": "string"}, "description": WORK_DOC}
    properties |= {n: param_schema(p) for n, p in Guards(catalogue, "node", name).all().items() if n not in properties}
    return _mapping(properties, []) | {"title": name, "description": " ".join(plain_words(kind).split())}


def _design(catalogue: Catalogue) -> dict[str, Any]:
    link_text = {"type": "string", "pattern": rf"^\s*\S+(\s*({_ARROW})\s*\S+)+\s*$"}
    settings = _link_settings(catalogue)
    settings |= {name: param_schema(param) for name, param in Guards(catalogue, "link").all().items()}
    links = {
        "type": "array",
        "minItems": 1,
        "items": {"anyOf": [link_text, _mapping({"link": link_text, **settings}, ["link"])]},
    }
    parts = {"about": {"type": "string"}, "nodes": _named({"$ref": "#/$defs/node"}), "links": links}
    return _mapping(parts, ["links"])


def _link_settings(catalogue: Catalogue) -> dict[str, Any]:
    """The settings of links of every kind; where two kinds mean something else by a name, either will do."""
    found: dict[str, list[Any]] = {name: [param_schema(param)] for name, param in LINK_PARAMS.items()}
    for kind in map(catalogue.kind, catalogue.kind_names()):
        for own in (getattr(kind, "link_params", {}), getattr(kind, "inlet_params", {})):
            for name, param in own.items():
                schema = param_schema(param)
                if schema not in found.setdefault(name, []):
                    found[name].append(schema)
    return {name: schemas[0] if len(schemas) == 1 else {"anyOf": schemas} for name, schemas in found.items()}


def _words(doc: str) -> dict[str, Any]:
    listed = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    return {"anyOf": [{"type": "string"}, listed], "description": doc}


_AT = {"type": "string", "pattern": _DURATION, "description": "The instant, from the start of the run."}
_IN = _words("The designs: all, a name, or a list of names.")


def _whence() -> dict[str, Any]:
    """When an entry is done: at an instant, again and again, or once a condition holds."""
    text = {"type": "string"}
    long = _mapping({"that": text, "is": text, "held": param_schema(HELD)}, ["that", "is"])
    again = {name: param_schema(param) for name, param in {**AGAIN, **WAITS}.items()}
    return {"at": {"anyOf": [_AT, {"const": 0}]}, "when": {"anyOf": [text, long], "description": WHEN_DOC}, **again}


def _inject(faults: Faults) -> list[dict[str, Any]]:
    found = []
    for name in faults:
        own = _model_properties(fault_model(name, faults))
        common = {
            **_whence(),
            "inject": {"const": name},
            "on": _words("What breaks."),
            "in": _IN,
        }
        times = {n: param_schema(p) for n, p in INJECT.items()}
        required = ["inject", "on", *_required(params_of(faults[name]))]
        found.append(_mapping({**common, **times, **own}, required) | {"title": name})
    return found


def _other_entries() -> list[dict[str, Any]]:
    to: dict[str, Any] = {"scale": param_schema(SCALE["to"]), "rate": param_schema(RATE["to"]), "set": {}}
    found = []
    for verb in ("heal", "scale", "rewire", "set", "rate", "redrive", "flush"):
        properties = {**_whence(), verb: _words(f"What to {verb}."), "in": _IN}
        if verb in to:
            properties["to"] = to[verb]
        found.append(_mapping(properties, [verb, *(["to"] if verb in to else [])]) | {"title": verb})
    return found


_COMPARISON = {"type": "string", "pattern": "^ *(<=|>=|!=|==|=|<|>|≤|≥|≠)"}
_THAT = (
    "A figure over the window, such as web.success, backlog.depth.max or `orders -> inventory.errors`; of a design, such as "
    "blast_radius; or two of them with - or / between, such as decoupled.web.success - coupled.web.success. With always, "
    "never and eventually: a figure of an instant, such as web.success over the last second, or backlog.depth."
)
_HOW_DOCS = {
    "is": 'The figure over the whole window, such as ">= 99%".',
    "always": "At each grid step of the window; of the last second, where all of that second lies in the window.",
    "never": "At no grid step of the window.",
    "eventually": "At a grid step of each stretch of the window, at most `within` after it begins.",
}


def _claim(keys: tuple[str, ...]) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "in": _IN,
        "that": {"type": "string", "pattern": r"^\s*[A-Za-z]", "description": _THAT},
        "during": {"anyOf": [{"enum": list(WINDOWS)}, {"type": "string", "pattern": r"\.\."}]},
        **{how: {**_COMPARISON, "description": _HOW_DOCS[how]} for how in HOWS},
        "within": {"anyOf": [_AT, {"const": 0}], "description": "How long it may take; left out: as long as the window lasts."},
        "min": {"type": "integer", "minimum": 0, "description": "How many messages the window needs; answers, for a second."},
        "seeds": {"type": "string", "pattern": "^ *[0-9]+ +of +[0-9]+ *$"},
    }
    one = _one_of(*(how for how in HOWS if how in keys))
    return _mapping({key: parts[key] for key in keys}, ["that"]) | {"oneOf": one}


def _one_of(*keys: str) -> list[dict[str, Any]]:
    return [{"required": [key]} for key in keys]


def _scene() -> dict[str, Any]:
    parts = {name: param_schema(param) for name, param in SCENE.items()}
    return _mapping(parts, _required(SCENE)) | {"oneOf": _one_of(*SCENE_VERBS)}


def _run() -> dict[str, Any]:
    parts = {name: param_schema(param) for name, param in RUN.items()}
    parts["commands"] = {"type": "array", "items": {"$ref": "#/$defs/entry"}}
    return _mapping(parts, _required(RUN))
