"""Writing what our reader reads the same: a run file is the playground's own text with a `run` block after it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from topology.files import write_whole
from topology.plan import Playground
from topology.problems import Problems
from topology.spec.reader import Value, read
from topology.units import exact_duration

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*|[0-9]+(?:ns|us|ms|s|m|h|/s|%)")
_TYPED = re.compile(r"(?i)~|null|true|false")


def save_run(
    path: str | Path,
    playground: Playground,
    seed: int,
    end_ns: int,
    commands: Sequence[Mapping[str, Any]],
    digest: str = "",
) -> None:
    """Write a run file. `commands` are the fields of commands: times in nanoseconds, the rest as in a file."""
    write_whole(path, run_text(playground, seed, end_ns, commands, digest, str(Path(path).absolute().parent)))


def run_text(
    playground: Playground,
    seed: int,
    end_ns: int,
    commands: Sequence[Mapping[str, Any]],
    digest: str = "",
    folder: str | None = None,
) -> str:
    """The text of a run file that is to lie in `folder`."""
    text = _without_run(_moved(playground, folder))
    run: dict[str, Any] = {"seed": seed, "end": exact_duration(end_ns), "digest": digest, "commands": []}
    lines = ["run:", *(f"  {key}: {flow(run[key])}" for key in ("seed", "end", "digest") if run[key] != "")]
    entries = [f"    - {flow(command_entry(command))}" for command in commands]
    lines += ["  commands:", *entries] if entries else ["  commands: []"]
    return f"{text.rstrip()}\n" + "\n".join(lines) + "\n"


def command_entry(command: Mapping[str, Any]) -> dict[str, Any]:
    """A command as the timeline would say it, with instants exact to the nanosecond."""
    verb, on = command["verb"], list(command["on"])
    entry: dict[str, Any] = {"at": exact_duration(command["at_ns"])}
    target: Any = on[0] if len(on) == 1 else on
    if verb == "inject":
        entry |= {"inject": command["what"], "on": target}
    else:
        entry[verb] = target
    if command.get("designs"):
        entry["in"] = list(command["designs"])
    if verb == "inject":
        entry |= _times(command)
    if command.get("to") is not None:
        entry["to"] = command["to"]
    return entry | dict(command.get("params") or {})


def _times(command: Mapping[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    if command.get("for_ns") is not None:
        entry["for"] = exact_duration(command["for_ns"])
    if command.get("ramp_ns"):
        entry["ramp"] = exact_duration(command["ramp_ns"])
    if command.get("probability", 1.0) != 1.0:
        entry["probability"] = command["probability"]
    return entry


def flow(data: Any) -> str:
    """Data on one line: plain words where they read back as text, quoted ones where not."""
    if isinstance(data, Mapping):
        return "{" + ", ".join(f"{flow(key)}: {flow(value)}" for key, value in data.items()) + "}"
    if isinstance(data, list | tuple):
        return "[" + ", ".join(map(flow, data)) + "]"
    if isinstance(data, str):
        return _text(data)
    if data is None or isinstance(data, bool):
        return {None: "null", True: "true", False: "false"}[data]
    return repr(data) if isinstance(data, int) else _float(float(data))


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and not _TYPED.fullmatch(text):
        return text
    return json.dumps(text, ensure_ascii=False)


def _float(number: float) -> str:
    if number != number or number in (float("inf"), float("-inf")):
        return ".nan" if number != number else ".inf" if number > 0 else "-.inf"
    return repr(number)


def emit(root: Value) -> str:
    """A whole file from its values, one line for each entry of its sections."""
    lines: list[str] = []
    for key, value in root.items():
        _block(key, value.plain(), 0, lines)
    return "\n".join(lines) + "\n"


def _block(key: str, data: Any, depth: int, lines: list[str]) -> None:
    indent, name = "  " * depth, flow(key)
    if isinstance(data, dict) and data and depth < 2:
        lines.append(f"{indent}{name}:")
        for below, value in data.items():
            _block(below, value, depth + 1, lines)
    elif isinstance(data, list) and data and depth < 3:
        lines.append(f"{indent}{name}:")
        lines.extend(f"{indent}  - {flow(item)}" for item in data)
    else:
        lines.append(f"{indent}{name}: {flow(data)}")


def _without_run(source: str) -> str:
    """The text without its `run` block; written anew where cutting would not leave the same values."""
    root = _tree(source)
    wanted = {key: value for key, value in root.plain().items() if key != "run"}
    cut = _cut(source, root) if not root.quoted else ""
    if cut and _read_plain(cut) == wanted:
        return cut
    root.data.pop("run", None)
    return emit(root)


def _cut(source: str, root: Value) -> str:
    lines = source.splitlines(keepends=True)
    if "run" not in root.keys:
        return source
    first = root.keys["run"][0]
    after = min((line for line, _ in root.keys.values() if line > first), default=len(lines) + 1)
    return "".join(lines[: first - 1] + lines[after - 1 :])


def _read_plain(text: str) -> Any:
    """The values of what would be written, with a further block after it; None when that cannot be read."""
    problems = Problems("")
    root = read(f"{text.rstrip()}\nrun: {{}}\n", problems)
    if root is None or len(problems) or not isinstance(root.data, dict):
        return None
    return {key: value for key, value in root.plain().items() if key != "run"}


def _tree(source: str) -> Value:
    root = read(source, Problems("the playground"))
    if root is None or not isinstance(root.data, dict):
        raise ValueError("a playground without its text cannot be saved")
    return root


def _moved(playground: Playground, folder: str | None) -> str:
    """The playground's text, with paths that would lead nowhere from another folder written out in full."""
    home = Path(playground.path).absolute().parent if playground.path else None
    if home is None or folder is None or Path(folder) == home:
        return playground.source
    root = _tree(playground.source)
    moved = {v.start: v for v in _scalars(root) if isinstance(v.data, str) and _is_relative_file(v.data, home)}
    text = playground.source
    for start in sorted(moved, reverse=True):
        value = moved[start]
        text = f"{text[:start]}{json.dumps(os.path.join(home, value.data), ensure_ascii=False)}{text[value.end :]}"
    return text


def _is_relative_file(text: str, home: Path) -> bool:
    """Whether a text looks like a file beside the playground: it has a suffix or a folder, and is there."""
    if os.path.isabs(text) or not ("." in text or "/" in text) or len(text) > 255 or "\n" in text:
        return False
    try:
        return (home / text).is_file()
    except OSError:
        return False


def _scalars(value: Value) -> list[Value]:
    if isinstance(value.data, dict):
        return [found for below in value.data.values() for found in _scalars(below)]
    if isinstance(value.data, list):
        return [found for below in value.data for found in _scalars(below)]
    return [value]
