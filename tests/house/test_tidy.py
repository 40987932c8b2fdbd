"""The habits of the house, held by a test: short functions, modules that say what they are, telling names."""

from __future__ import annotations

import ast
import re

from tests.house.source_tree import ROOMS, ROOT, everything, shipped

MOST_LINES = 70
EMPTY_NAMES = re.compile(r"(^|_)(utils?|helpers?|managers?|common|misc)(_|$)|^base_")
LEFTOVERS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|pragma:\s*no\b|breakpoint\(\)")
HISTORY = re.compile(
    r"\b(previously|formerly|used to be|was changed|was renamed|legacy|as requested|RULES\s+\d+|issue\s+#?\d+)\b",
    re.IGNORECASE,
)
MACHINE_PATHS = re.compile(r"(?<![\w.])/(home|work|root|Users|opt)/\w")


def offences(pattern: re.Pattern[str], *, comments_only: bool = False) -> list[str]:
    """Where a pattern occurs in the project's Python files, as place:line: text; this file is left out."""
    found = []
    for module in everything():
        if module.path.parent == ROOT / "tests" / "house":
            continue
        for number, line in enumerate(module.text.splitlines(), 1):
            if comments_only and '"""' not in line and "#" not in line:
                continue
            if pattern.search(line):
                found.append(f"{module.place}:{number}: {line.strip()}")
    return found


def test_functions_are_short() -> None:
    long = [
        f"{module.place}:{node.lineno}: {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for module in shipped()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > MOST_LINES
    ]
    assert not long, "\n".join(long)


def test_modules_say_what_they_are() -> None:
    silent = [module.place for module in everything() if not ast.get_docstring(module.tree)]
    assert not silent, silent


def test_files_and_classes_have_names_that_mean_something() -> None:
    empty = [module.place for module in everything() if EMPTY_NAMES.search(module.path.stem)]
    empty += [
        f"{module.place}:{node.lineno}: {node.name}"
        for module in shipped()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef) and re.search(r"(Utils?|Helpers?|Manager)$|^Base[A-Z]", node.name)
    ]
    assert not empty, empty


def test_nothing_is_left_for_later_in_the_code() -> None:
    assert not offences(LEFTOVERS)


def test_comments_tell_no_history() -> None:
    assert not offences(HISTORY, comments_only=True)


def test_no_path_of_any_machine() -> None:
    assert not offences(MACHINE_PATHS)


def test_nothing_is_compiled_into_the_checkout() -> None:
    left = [path for room in ROOMS for path in (ROOT / room).rglob("*.so")]
    assert not left, f"a stale extension would shadow the edited source: {left}"


def test_tests_mirror_the_tree() -> None:
    rooms = {path.relative_to(ROOT).as_posix() for room in ROOMS for path in [ROOT / room, *(ROOT / room).rglob("*")]}
    folders = {path.parent.relative_to(ROOT / "tests").as_posix() for path in (ROOT / "tests").rglob("test_*.py")}
    assert not folders - rooms - {"house", "bench", "conformance"}
