"""Where declarations come from: the program's registries, asked by name so that only what a file uses is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from topology.node import WORKERS
from topology.parameters import Param
from topology.registry import plain_words


class Catalogue(Protocol):
    """Kinds and policies by name. A kind has `role`, `managed` and `params`; a policy `on`, `kinds` and `params`."""

    def kind_names(self) -> Sequence[str]:
        """The names of all kinds."""
        ...

    def kind(self, name: str) -> Any:
        """The class of one kind."""
        ...

    def policy_names(self) -> Sequence[str]:
        """The names of all policies."""
        ...

    def policy(self, name: str) -> Any:
        """The class of one policy."""
        ...


def works(kind: Any) -> bool:
    """Whether a node of a kind may have to do a part of a message's work, and does not only pass it on."""
    return kind.role in WORKERS and bool(getattr(kind, "works", True))


class Registered:
    """The registry of the program, with every name looked up once."""

    def __init__(self) -> None:
        from topology import registry

        self._registry: Any = registry
        self._names: dict[str, list[str]] = {}
        self._classes: dict[tuple[str, str], Any] = {}

    def kind_names(self) -> Sequence[str]:
        """The names of all kinds."""
        if "kind" not in self._names:
            self._names["kind"] = list(self._registry.kind_names())
        return self._names["kind"]

    def kind(self, name: str) -> Any:
        """The class of one kind."""
        if ("kind", name) not in self._classes:
            self._classes["kind", name] = self._registry.kind(name)
        return self._classes["kind", name]

    def policy_names(self) -> Sequence[str]:
        """The names of all policies."""
        if "policy" not in self._names:
            self._names["policy"] = list(self._registry.policy_names())
        return self._names["policy"]

    def policy(self, name: str) -> Any:
        """The class of one policy."""
        if ("policy", name) not in self._classes:
            self._classes["policy", name] = self._registry.policy(name)
        return self._classes["policy", name]


Faults = Mapping[str, Any]
"""Faults by name, as `chaos` hands them in: classes with `params` (and `acts_on`), or the parameters alone."""


def params_of(declared: Any) -> dict[str, Param]:
    """The parameters that a class declares."""
    return dict(getattr(declared, "params", declared))


class Guards:
    """The policies of one place, a link or a node of some kind, loaded when a file names them."""

    def __init__(self, catalogue: Catalogue, on: str, kind: str = "") -> None:
        self.catalogue, self.on, self.kind = catalogue, on, kind

    def used(self, keys: Sequence[str]) -> dict[str, Param]:
        """Those among the keys that are policies for this place, as parameters."""
        names = self.catalogue.policy_names()
        return self._params(key for key in keys if key in names)

    def all(self) -> dict[str, Param]:
        """Every policy for this place."""
        return self._params(self.catalogue.policy_names())

    def _params(self, names: Iterable[str]) -> dict[str, Param]:
        found = ((name, self.catalogue.policy(name)) for name in names)
        return {name: policy_param(policy, name) for name, policy in found if not self.unfit(name)}

    def unfit(self, name: str) -> str:
        """Why a policy does not belong here; empty when it does."""
        policy = self.catalogue.policy(name)
        if policy.on != self.on:
            where = "a link: {link: a -> b, " if policy.on == "link" else "a node: NAME: {kind: …, "
            return f"'{name}' belongs to {where}{name}: …}}"
        if self.kind and policy.kinds and not self._kinds() & set(policy.kinds):
            return f"'{name}' guards a {' or '.join(policy.kinds)}, not a {self.kind}"
        return ""

    def _kinds(self) -> set[str]:
        """The kind, and the one whose policies it takes over."""
        return {self.kind, getattr(self.catalogue.kind(self.kind), "like", "")}


def policy_param(policy: Any, name: str) -> Param:
    """A policy as one parameter: its settings under its name, or a plain value for the one that it needs."""
    params = params_of(policy)
    required = [n for n, p in params.items() if p.required]
    short = getattr(policy, "short", "") or (required[0] if len(required) == 1 else "")
    doc = " ".join((plain_words(policy) or name).split())
    return Param("group", None, doc, fields=params, short=short)
