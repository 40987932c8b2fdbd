"""What only the text of a module says: the reasons that it can give, and the words for its states.

Compiled classes keep neither, but the text lies beside them, and reading it imports and runs nothing.
"""

from __future__ import annotations

import ast
import importlib
from functools import cache

from topology.registry import source_of

CONTRACT = "topology.node"
"""Where the context stands that kinds and policies ask."""

_BARE = ("builtins", "topology.node", "topology.policy", "topology.message", "chaos.fault")
"""Modules of bases that say nothing of their own accord."""


def reasons(cls: type) -> list[str]:
    """Every reason that a class's module makes, or takes from another of our modules and uses; in the text's order.

    What the modules of its bases say is its own, too, and what its context says for it when it asks the context to decide.
    """
    modules = dict.fromkeys(base.__module__ for base in cls.__mro__ if base.__module__ not in _BARE)
    return list(dict.fromkeys(words for name in modules for words in _reasons_of(name)))


@cache
def _reasons_of(module_name: str) -> tuple[str, ...]:
    tree = _tree(module_name)
    found = [*_used(tree, tree), *_made(tree).values()]
    asked = {part.func.attr for part in ast.walk(tree) if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute)}
    contract = _tree(CONTRACT)
    for method in ast.walk(contract):
        if isinstance(method, ast.FunctionDef) and method.name in asked:
            found += _used(method, contract)
    return tuple(dict.fromkeys(found))


def _used(part: ast.AST, module: ast.Module) -> list[str]:
    """The reasons that a module takes from others, as far as a part of it uses them."""
    used = {one.id for one in ast.walk(part) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)}
    return [words for name, words in _imported(module).items() if name in used]


def states(cls: type) -> list[str]:
    """The words that a class's `state` method can answer."""
    for part in ast.walk(_tree(cls.__module__)):
        if isinstance(part, ast.ClassDef) and part.name == cls.__name__:
            return [word for method in part.body for word in _answers(method)]
    return []


def _answers(method: ast.stmt) -> list[str]:
    if not isinstance(method, ast.FunctionDef) or method.name != "state":
        return []
    returned = [part.value for part in ast.walk(method) if isinstance(part, ast.Return) and part.value is not None]
    texts = [node.value for value in returned for node in ast.walk(value) if isinstance(node, ast.Constant)]
    return [text for text in texts if isinstance(text, str) and text]


@cache
def _tree(module_name: str) -> ast.Module:
    return ast.parse(source_of(module_name))


def _made(tree: ast.Module) -> dict[str, str]:
    """Names of reasons that a module makes, with their words; a reason without a name has its words for one."""
    named: dict[str, str] = {}
    for part in ast.walk(tree):
        if isinstance(part, ast.AnnAssign | ast.Assign) and (words := _words(part.value)):
            target = part.target if isinstance(part, ast.AnnAssign) else part.targets[0]
            named[target.id if isinstance(target, ast.Name) else words] = words
        elif isinstance(part, ast.Call) and (words := _words(part)) and words not in named.values():
            named[words] = words
    return named


def _words(value: ast.expr | None) -> str:
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in ("reason", "lasting") and value.args:
        first = value.args[0]
        return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
    return ""


def _imported(tree: ast.Module) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in tree.body:
        if isinstance(part, ast.ImportFrom) and part.module and part.module.startswith("topology"):
            importlib.import_module(part.module)
            made = _made(_tree(part.module))
            found |= {name.asname or name.name: made[name.name] for name in part.names if name.name in made}
    return found
