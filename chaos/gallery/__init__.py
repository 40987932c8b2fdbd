"""The playgrounds that ship: one YAML file each, named as the playground."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """The names of all playgrounds that ship."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def path(name: str) -> Path:
    """The file of one of them; KeyError when there is none of that name."""
    if name not in names():
        raise KeyError(name)
    return FOLDER / f"{name}.yaml"
