"""A plug-in for pytest: playground files are tests, and the fixture `knockon` runs playgrounds from tests.

Nothing of knockon is loaded until a file called `*.knockon.yaml` is collected or the fixture is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tui.trial import Trial, Trials

ENDING = ".knockon.yaml"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The one option: with which seeds playground files are run."""
    group = parser.getgroup("knockon")
    group.addoption("--knockon-seeds", metavar="1..20", help=f"run each *{ENDING} file with these seeds")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> PlaygroundFile | None:
    """A file whose name ends in .knockon.yaml is a file of tests."""
    return PlaygroundFile.from_parent(parent, path=file_path) if file_path.name.endswith(ENDING) else None


@pytest.fixture
def knockon(request: pytest.FixtureRequest) -> Trials:
    """Runs playgrounds: `knockon.run("shop", seeds=range(1, 6))`. Paths start at the folder of the test."""
    from tui.trial import Trials

    return Trials(request.path.parent)


class PlaygroundFile(pytest.File):
    """A playground: one test for its steady state, and one for each expectation in each design."""

    trial: Trial | None = None

    def collect(self) -> Iterator[pytest.Item]:
        """Read and check the file; it is run when the first of its tests is."""
        from tui.trial import Wrong, tests_of

        try:
            tests = tests_of(self.path)
        except Wrong as wrong:
            raise self.CollectError(str(wrong)) from wrong
        yield GateItem.from_parent(self, name="steady")
        for number, name in enumerate(tests):
            yield ExpectationItem.from_parent(self, name=name, number=number)

    def performed(self) -> Trial:
        """What came of the runs, which are made once for all tests of the file."""
        if self.trial is None:
            from tui.trial import Wrong, perform, seeds_of

            try:
                self.trial = perform(os.path.relpath(self.path), seeds=seeds_of(self.config.getoption("--knockon-seeds")))
            except Wrong as wrong:
                raise DidNotHold(str(wrong)) from wrong
        return self.trial


class DidNotHold(Exception):
    """What was expected and did not come; the words are for people, and no traceback would add to them."""


class PlaygroundItem(pytest.Item):
    """A test that a playground file asks for."""

    parent: PlaygroundFile

    def complaints(self, trial: Trial) -> Sequence[str]:
        """What did not hold, a line each; nothing where all is well."""
        raise NotImplementedError

    def runtest(self) -> None:
        """Perform the runs, if none of the file's tests has done so, and look at one part of what came of them."""
        lines = self.complaints(self.parent.performed())
        if lines:
            raise DidNotHold("\n".join(lines))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The sentence and the why-chain, without a traceback."""
        if isinstance(excinfo.value, DidNotHold):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the test comes from, and its name."""
        return self.path, None, f"{self.path.name}: {self.name}"


class GateItem(PlaygroundItem):
    """That the system was steady before the first fault, and that every command found what it was meant for."""

    def complaints(self, trial: Trial) -> Sequence[str]:
        """The lines of `steady` that did not hold, and commands that could not be done."""
        return trial.unsound


class ExpectationItem(PlaygroundItem):
    """One expectation in one design."""

    def __init__(self, *, number: int, **given: Any) -> None:
        super().__init__(**given)
        self.number = number

    def complaints(self, trial: Trial) -> Sequence[str]:
        """Its sentence and why-chain; where the runs show nothing, that is said instead."""
        if trial.unsound:
            return ["not judged, for the runs show nothing:", *trial.unsound]
        return trial.complaint(self.number)
