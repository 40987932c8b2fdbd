"""Every default of every kind, policy, fault and link, a line each.

Where one is meant to change: `python -m tests.house.defaults > tests/house/defaults.txt`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chaos.registry import faults
from topology.links import LINK_PARAMS
from topology.parameters import Param
from topology.registry import kinds, policies


def lines() -> list[str]:
    """What a file leaves out means this."""
    found = list(_of("link", LINK_PARAMS))
    for sort, classes in (("kind", kinds()), ("policy", policies()), ("fault", dict(faults()))):
        for name, cls in classes.items():
            found += _of(f"{sort} {name}", cls.params)
            found += _of(f"{sort} {name}: link", {**getattr(cls, "link_params", {}), **getattr(cls, "inlet_params", {})})
    return found


def _of(owner: str, params: Mapping[str, Param]) -> Iterator[str]:
    for name, param in params.items():
        yield f"{owner}: {name} = {'required' if param.required else param.default}"
        yield from _of(f"{owner}: {name}", param.fields)


if __name__ == "__main__":
    print("\n".join(lines()))
