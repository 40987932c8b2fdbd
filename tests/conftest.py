"""What all tests share: that they test what they say they test, and the command line in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import topology

ROOT = Path(__file__).resolve().parent.parent
INSTALLED = os.environ.get("KNOCKON_INSTALLED", "") == "1"

# A busy machine is no mistake: nothing here is about how long drawing or running an example takes.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeatable", settings.get_profile("patient"), derandomize=True)
settings.load_profile(os.environ.get("KNOCKON_EXAMPLES", "patient"))

Knockon = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to run against another copy of the package than the one asked for."""
    from_source = Path(str(topology.__file__)).resolve().is_relative_to(ROOT / "topology")
    if from_source == INSTALLED:
        raise pytest.UsageError(f"these tests would run against {topology.__file__}, which is the wrong copy")
    if wanted := os.environ.get("KNOCKON_MUTANT"):
        from tests.mutants import mutant

        mutant.apply(mutant.read(wanted))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many recorded cases of others were read, or that none were."""
    from tests.conformance import recorded

    for line in recorded.summary(terminalreporter.stats):
        terminalreporter.write_line(line)


@pytest.fixture
def knockon(tmp_path: Path) -> Knockon:
    """Run `knockon ARGS…` in a process of its own, as a person would, and hand back what it said."""

    def run(*args: str, timeout: float = 120, **env: str) -> subprocess.CompletedProcess[str]:
        source = {} if INSTALLED else {"PYTHONPATH": str(ROOT)}
        return subprocess.run(
            [sys.executable, "-c", "import sys; from tui.cli import main; sys.exit(main())", *args],
            capture_output=True,
            check=False,
            cwd=tmp_path,
            encoding="utf-8",
            env={**os.environ, **source, "COLUMNS": "120", "NO_COLOR": "1", **env},
            stdin=subprocess.DEVNULL,
            timeout=timeout,
        )

    return run
