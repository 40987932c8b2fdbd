"""The way in: from a path or a text to a playground, or to every mistake at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from topology.plan import Playground
from topology.problems import PlaygroundError, Problem, Problems
from topology.spec.build import Builder
from topology.spec.catalogue import Catalogue, Faults, Registered
from topology.spec.reader import MAX_BYTES, Value, read
from topology.units import shown


def load(
    path: str | Path, *, faults: Faults | None = None, catalogue: Catalogue | None = None, settings: Sequence[str] = ()
) -> Playground:
    """Read and check a file; a state machine alone becomes a playground around it.

    `settings` are changes such as `backlog.visibility=10s`, made before it is checked.
    """
    try:
        with open(path, "rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise PlaygroundError([Problem(str(path), 0, 0, f"cannot be read: {reason.lower()}")]) from error
    made = load_text(
        content,
        str(path),
        faults=faults,
        catalogue=catalogue,
        settings=settings,
        folder=str(Path(path).absolute().parent),
    )
    return replace(made, path=str(path))


def load_text(
    text: str | bytes,
    name: str = "playground",
    *,
    faults: Faults | None = None,
    catalogue: Catalogue | None = None,
    settings: Sequence[str] = (),
    folder: str = "",
) -> Playground:
    """Read and check a text; `name` is what mistakes call it, and `folder` where its paths start."""
    problems = Problems(name)
    root = tree(text, problems)
    if "StartAt" in root.data:
        from topology.spec import workflow  # only a state machine alone asks for it

        if workflow.is_machine(root):
            text = workflow.playground_of(root, name, problems)
            root = tree(text, problems)
    source = text if isinstance(text, str) else text.decode("utf-8")
    if settings:
        from topology.spec.settings import change  # only the command line asks for it

        source = change(root, settings, source)
    made = Builder(root, problems, catalogue or Registered(), faults, folder).playground()
    return replace(made, source=source.removeprefix("\ufeff"))


def tree(text: str | bytes, problems: Problems) -> Value:
    """The values of a text that is a mapping at least; PlaygroundError with what is wrong where it is not."""
    root = read(text, problems)
    if root is not None and not isinstance(root.data, dict):
        words = f"expected a playground: a mapping that begins with playground: NAME; got {shown(root.data)}"
        problems.add(root.place, words)
        root = None
    if root is None:
        problems.raise_any()
        raise AssertionError("a text that cannot be read is reported")
    return root
