"""Runs the tests of each mutant and says which survive: `python -m tests.mutants.hunt [WORD …]`.

A mutant that no test of its own room notices is tried once more against all tests of nodes, policies, faults and the gallery.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mutants.mutant import Mutant, every

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = {
    "kind": ("tests/topology/nodes", "tests/topology/sim"),
    "policy": ("tests/topology/policies", "tests/topology/nodes", "tests/topology/sim"),
    "fault": ("tests/chaos/faults", "tests/chaos"),
}
LONGEST_S = 900


def main() -> int:
    """Try every mutant whose text holds all the words; 1 where fewer than nine in ten are caught."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--own", action="store_true", help="only the tests of the thing itself, the quickest check")
    given = parser.parse_args()
    chosen = [m for m in every() if all(word in m.text.split() for word in given.words)]
    with ThreadPoolExecutor(given.jobs) as pool:
        sound = list(pool.map(_sound, sorted({test for m in chosen for test in _own_tests(m)})))
        if not all(sound):
            print("these tests fail as they are, so that nothing can be said of mutants")
            return 2
        caught = list(pool.map(lambda m: _caught(m, given.own), chosen))
    survivors = [m for m, found in zip(chosen, caught, strict=True) if not found]
    for mutant in survivors:
        print(f"survived: {mutant.text}")
    print(f"{len(chosen) - len(survivors)} of {len(chosen)} mutants caught")
    return int(len(survivors) * 10 > len(chosen))


def _sound(test: str) -> bool:
    """Whether a file of tests passes while nothing is changed."""
    found = _run([test], "")
    if found:
        print(f"fails without any mutant: {test}", flush=True)
    return found == 0


def _caught(mutant: Mutant, own: bool) -> bool:
    found = _fails(mutant, _own_tests(mutant)) or (not own and _fails(mutant, _room(mutant)))
    print(f"{'caught' if found else 'SURVIVED'}: {mutant.text}", flush=True)
    return found


def _own_tests(mutant: Mutant) -> list[str]:
    """The tests of the thing itself, by their files' names."""
    return [str(path.relative_to(ROOT)) for path in sorted((ROOT / "tests").rglob(f"test_{mutant.name}.py"))]


def _room(mutant: Mutant) -> list[str]:
    return [place for place in (*ROOMS[mutant.sort], "tests/house/test_defaults.py") if (ROOT / place).exists()]


def _fails(mutant: Mutant, tests: Sequence[str]) -> bool:
    if not tests:
        return False
    found = _run(tests, mutant.text)
    if found not in (PASSED, FAILED):
        print(f"unknown, exit code {found}: {mutant.text}", flush=True)
    return found == FAILED


PASSED, FAILED = 0, 1


def _run(tests: Sequence[str], mutant: str) -> int:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests],
        cwd=ROOT,
        env={**os.environ, "KNOCKON_MUTANT": mutant},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=LONGEST_S,
        check=False,
    )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
