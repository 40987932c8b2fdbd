"""Which faults there are: the files of `chaos/faults`, entry points of knockon.faults, and folders of --plugins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chaos.fault import Fault
from topology.registry import Folder

FAULTS = Folder("chaos.faults", "chaos.fault.Fault", "knockon.faults", "faults")


class Faults(Mapping[str, type[Fault]]):
    """Every fault by name; only what is asked for is imported."""

    def __getitem__(self, name: str) -> type[Fault]:
        return FAULTS.get(name)

    def __iter__(self) -> Iterator[str]:
        return iter(FAULTS.names())

    def __len__(self) -> int:
        return len(FAULTS.names())

    def __contains__(self, name: object) -> bool:
        return name in FAULTS.found or name in FAULTS.names()


def faults() -> Mapping[str, type[Fault]]:
    """Every fault by name, in alphabetical order."""
    return Faults()
