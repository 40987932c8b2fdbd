"""What is made of journals that were written earlier: reports, and the difference between two of them."""

from __future__ import annotations

import json
import sys
from typing import Any

from chaos.compare.difference import Difference, NotComparable, difference
from chaos.experiment import FAILED, OK
from chaos.journals.journal import SCHEMA
from chaos.journals.reading import playgrounds
from topology.files import write_whole
from topology.units import format_share, parse_share
from tui.headless import Outputs, check_files, tell
from tui.lookup import Mistake

MOST_BYTES = 1 << 30


def read(path: str) -> dict[str, Any]:
    """A journal from a file, or from standard input for `-`; Mistake where it is none."""
    try:
        if path == "-":
            told = json.loads(sys.stdin.read(MOST_BYTES))
        else:
            with open(path, encoding="utf-8") as stream:
                told = json.loads(stream.read(MOST_BYTES))
    except OSError as error:
        raise Mistake(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
    except (ValueError, RecursionError) as error:
        raise Mistake(f"{path} is not JSON: expected what `knockon run … --json {path}` writes") from error
    schema = told.get("schema") if isinstance(told, dict) else None
    if not isinstance(schema, dict) or schema.get("name") != SCHEMA["name"]:
        raise Mistake(f"{path} is no journal: expected what `knockon run … --json FILE` writes")
    if schema.get("version") != SCHEMA["version"]:
        made = f"version {schema.get('version')} of the journal, and this knockon reads version {SCHEMA['version']}"
        raise Mistake(f"{path} is {made}: run it again, or use the knockon that wrote it")
    return dict(told)


def report_on(path: str, outputs: Outputs) -> int:
    """Make reports of a journal; without any, print the summary."""
    check_files(outputs)
    told = read(path)
    try:
        tell(told, outputs if outputs.files else Outputs(reports=(("text", "-"),)))
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        raise broken(path, error) from error
    return OK


def broken(path: str, error: Exception) -> Mistake:
    """What to say of a journal that lacks something; `knockon schema --report` says what belongs into one."""
    what = f"it has no {error}" if isinstance(error, KeyError) else str(error)
    return Mistake(f"{path} is not a whole journal ({what}); `knockon schema --report` says what it must hold")


def diff(before: str, after: str, tolerance: str, out: str | None) -> int:
    """Compare two journals and tell; 1 when something is worse."""
    try:
        share = parse_share(tolerance)
    except ValueError as error:
        raise Mistake(f"--tolerance: {error}") from error
    check_files(Outputs(json=out))
    found = _differences(before, after, share)
    told = {
        "schema": {"name": "knockon.difference", "version": 1},
        "before": before,
        "after": after,
        "tolerance": share,
        "worse": [line for one in found for line in one.worse],
        "better": [line for one in found for line in one.better],
        "notes": [line for one in found for line in one.notes],
    }
    if out != "-":
        print(_in_words(told), end="")
    if out:
        from chaos.reports.json import write_value

        sys.stdout.write(write_value(told)) if out == "-" else write_whole(out, write_value(told))
    return FAILED if told["worse"] else OK


def _differences(before: str, after: str, tolerance: float) -> list[Difference]:
    old, new = playgrounds(read(before)), playgrounds(read(after))
    if len(old) != len(new):
        raise Mistake(f"{before} has {len(old)} playgrounds and {after} has {len(new)}: compare what was run alike")
    try:
        return [difference(a, b, tolerance) for a, b in zip(old, new, strict=True)]
    except NotComparable as error:
        raise Mistake(f"{before} and {after} cannot be compared: {error}") from error
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise broken(f"{before} or {after}", error) from error


def _in_words(told: dict[str, Any]) -> str:
    lines = [f"note: {line}" for line in told["notes"]]
    lines += [f"✖ worse: {line}" for line in told["worse"]]
    lines += [f"✔ better: {line}" for line in told["better"]]
    worse, better = len(told["worse"]), len(told["better"])
    if worse:
        lines.append(f"{worse} worse by more than {format_share(told['tolerance'])}, {better} better (exit code 1).")
    else:
        lines.append(f"Nothing is worse by more than {format_share(told['tolerance'])}; {better} better.")
    return "\n".join(lines) + "\n"
