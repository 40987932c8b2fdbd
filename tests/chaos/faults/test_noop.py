"""The control group."""

from __future__ import annotations

from tests.chaos.faults.shops import breaks, clean, shop, to, world


def test_nothing_changes() -> None:
    plain, broken = shop(), shop({}, ["web -> app"], breaks("noop", "app", 2, 3))
    assert [to(run, 8) for run in (plain, broken)]
    assert len(broken.faults) == 1
    one, other = (world(run).frame() for run in (plain, broken))
    assert one == other
    assert clean(broken)
