"""The sources as the house rules look at them: every module that ships, parsed once."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("topology", "chaos", "tui")


@dataclass(frozen=True)
class Module:
    """One source file."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def place(self) -> str:
        """Its path from the root, as messages name it."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def room(self) -> str:
        """The package it belongs to."""
        return self.place.partition("/")[0]

    def imports(self) -> Iterator[tuple[str, int]]:
        """Every name imported anywhere in it (`from a import b` is "a.b"), with its line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def read(path: Path) -> Module:
    """One file, parsed."""
    text = path.read_text(encoding="utf-8")
    return Module(path, text, ast.parse(text))


@functools.cache
def shipped() -> tuple[Module, ...]:
    """Every module that ships."""
    return tuple(read(path) for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")))


@functools.cache
def everything() -> tuple[Module, ...]:
    """Every Python file of the project."""
    tests = tuple(read(path) for path in sorted((ROOT / "tests").rglob("*.py")))
    return (*shipped(), *tests, read(ROOT / "setup.py"))


def starts(name: str, packages: tuple[str, ...]) -> bool:
    """Whether a dotted name is one of the packages or lies in one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)
