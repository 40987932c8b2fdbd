"""Films under the newest Textual and rich: a warning for those who keep the versions pinned, and never a failure.

`python -m tests.canary` installs the newest ones beside the environment, and runs the tests of what touches their insides.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = ("tests/tui/record/test_cells.py", "tests/tui/record/test_virtual.py", "tests/tui/record/test_film.py")
NEWEST = ("textual", "rich")


def main() -> int:
    """0, whatever came of it."""
    with tempfile.TemporaryDirectory() as folder:
        free = {name: value for name, value in os.environ.items() if name not in ("PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT")}
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--target", folder, *NEWEST]
        if subprocess.run(pip, check=False, env=free).returncode:
            print("canary: the newest Textual cannot be installed here, so nothing was tried")
            return 0
        env = {**free, "PYTHONPATH": os.pathsep.join((folder, str(ROOT)))}
        words = "import importlib.metadata as m; print(*(f'{n} {m.version(n)}' for n in ('textual', 'rich')))"
        tried = subprocess.run([sys.executable, "-c", words], check=True, capture_output=True, encoding="utf-8", env=env)
        done = subprocess.run([sys.executable, "-m", "pytest", "-q", *TESTS], check=False, cwd=ROOT, env=env)
    found = tried.stdout.strip()
    if done.returncode:
        print(f"canary: WARNING: films do not pass their tests with {found}; see tui/record/cells.py")
    else:
        print(f"canary: films pass their tests with {found}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
