"""Finds node kinds and policies: by a scan of their folders, by entry points, and in folders that a person names.

A kind is one file; the file's name is its name, without an underscore at its end: `lambda_.py`, whose name alone would be a
keyword, is `lambda`. Nothing is registered by hand, and only what is used is imported.
"""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import importlib.util
import inspect
import pkgutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any


class Clash(ValueError):
    """Two plug-ins, or a plug-in and one of ours, have one name."""


class Folder:
    """All classes of one sort: those of a package's modules, of an entry-point group, and of named folders."""

    def __init__(self, package: str, base: str, group: str, subfolder: str) -> None:
        self.package = package
        self.base = base
        self.group = group
        self.subfolder = subfolder
        self.found: dict[str, type[Any]] = {}
        self.outside: dict[str, Path] = {}
        self.points: dict[str, importlib.metadata.EntryPoint] | None = None

    def names(self) -> list[str]:
        """Every name, sorted, without importing what it stands for."""
        names = set(self._own()) | set(self._points()) | set(self.outside)
        return sorted(names)

    def get(self, name: str) -> type[Any]:
        """The class of that name; KeyError when there is none, `Clash` when there are two."""
        if name in self.found:
            return self.found[name]
        point = self._points().get(name)
        own = self._own().get(name)
        places = {
            f"{self.package}.{own}": self._own_module if own else None,
            f"the entry point {point.value}" if point else "": self._point_class if point else None,
            str(self.outside.get(name, "")): self._outside_class if name in self.outside else None,
        }
        sources = [(where, find) for where, find in places.items() if find is not None]
        if not sources:
            raise KeyError(name)
        if len(sources) > 1:
            raise Clash(f"{name!r} is defined twice: {' and '.join(where for where, _ in sources)}")
        cls = sources[0][1](name)
        assert cls is not None
        self.found[name] = cls
        return cls

    def all(self) -> dict[str, type[Any]]:
        """Every class by name, sorted."""
        return {name: self.get(name) for name in self.names()}

    def look_in(self, folder: Path) -> None:
        """Also take the files of `folder`/nodes, /policies or /faults, or of the folder itself when it has none of these."""
        inner = folder / self.subfolder
        for file in sorted(inner.glob("*.py")) if inner.is_dir() else []:
            if not file.name.startswith("_"):
                name = file.stem.removesuffix("_")
                if name in self.outside and self.outside[name] != file:
                    raise Clash(f"{name!r} is defined twice: {self.outside[name]} and {file}")
                self.outside[name] = file

    def _own(self) -> dict[str, str]:
        """Our modules by the name of what they define."""
        package = importlib.import_module(self.package)
        modules = (m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_"))
        return {module.removesuffix("_"): module for module in sorted(modules)}

    def _points(self) -> dict[str, importlib.metadata.EntryPoint]:
        if self.points is None:
            self.points = self._read_points()
        return self.points

    def _read_points(self) -> dict[str, importlib.metadata.EntryPoint]:
        found: dict[str, importlib.metadata.EntryPoint] = {}
        for point in importlib.metadata.entry_points(group=self.group):
            if point.name in found and found[point.name].value != point.value:
                raise Clash(f"{point.name!r} is defined twice: {found[point.name].value} and {point.value}")
            found[point.name] = point
        return found

    def _own_module(self, name: str) -> type[Any] | None:
        module = self._own().get(name)
        return None if module is None else self._class_in(importlib.import_module(f"{self.package}.{module}"))

    def _point_class(self, name: str) -> type[Any] | None:
        point = self._points().get(name)
        if point is None:
            return None
        loaded = point.load()
        return self._class_in(loaded) if isinstance(loaded, ModuleType) else loaded

    def _outside_class(self, name: str) -> type[Any] | None:
        file = self.outside.get(name)
        if file is None:
            return None
        module_name = f"knockon_plugin_{self.subfolder}_{name}"
        module = sys.modules.get(module_name)
        if module is None:
            spec = importlib.util.spec_from_file_location(module_name, file)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            sys.modules[module_name] = module
            spec.loader.exec_module(module)
        return self._class_in(module)

    def _class_in(self, module: ModuleType) -> type[Any]:
        """The class that the module defines: the one subclass of the base that is its own."""
        where, _, base_name = self.base.rpartition(".")
        base = getattr(importlib.import_module(where), base_name)
        for thing in vars(module).values():
            if isinstance(thing, type) and issubclass(thing, base) and thing.__module__ == module.__name__:
                return thing
        raise Clash(f"{module.__name__} defines no {base_name}")


NODES = Folder("topology.nodes", "topology.node.Node", "knockon.nodes", "nodes")
POLICIES = Folder("topology.policies", "topology.policy.Policy", "knockon.policies", "policies")


def kind_names() -> list[str]:
    """Every node kind's name."""
    return NODES.names()


def kind(name: str) -> type[Any]:
    """The class of a node kind; KeyError when there is none."""
    return NODES.get(name)


def kinds() -> dict[str, type[Any]]:
    """Every node kind."""
    return NODES.all()


def policy_names() -> list[str]:
    """Every policy's name."""
    return POLICIES.names()


def policy(name: str) -> type[Any]:
    """The class of a policy; KeyError when there is none."""
    return POLICIES.get(name)


def policies() -> dict[str, type[Any]]:
    """Every policy."""
    return POLICIES.all()


def plain_words(cls: type[Any]) -> str:
    """A class's docstring in plain words, its lines unindented. A compiled class keeps none: the file beside it does."""
    own = inspect.getdoc(cls) if cls.__doc__ else ""
    source = "" if own else source_of(cls.__module__)
    if not source:
        return own or ""
    for part in ast.parse(source).body:
        if isinstance(part, ast.ClassDef) and part.name == cls.__name__:
            return ast.get_docstring(part) or ""
    return ""


def source_of(module_name: str) -> str:
    """The text that a loaded module was made from; empty where it is not at hand. Compiled modules keep it beside them."""
    file = getattr(sys.modules.get(module_name), "__file__", None)
    if not file:
        return ""
    source = Path(str(file)).with_name(f"{module_name.rpartition('.')[2]}.py")
    if not source.exists():
        source = Path(str(file)).with_suffix(".py")
    return source.read_text("utf-8") if source.exists() else ""
