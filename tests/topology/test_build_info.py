"""The package says truly whether it runs compiled, and why not."""

from __future__ import annotations

import os
import shutil

import pytest

import topology.sim.engine as engine
from topology import build_info

INSTALLED = os.environ.get("KNOCKON_INSTALLED", "") == "1"


def test_it_says_what_the_engine_is() -> None:
    assert build_info.compiled() == (not str(engine.__file__).endswith(".py"))
    assert build_info.reason() in build_info.summary()


@pytest.mark.skipif(INSTALLED, reason="only a checkout")
def test_a_checkout_is_never_compiled_in_place() -> None:
    assert not build_info.compiled()
    assert "checkout" in build_info.reason()


@pytest.mark.skipif(not INSTALLED, reason="only an installed package")
@pytest.mark.skipif(not shutil.which(os.environ.get("CC", "cc")), reason="no C compiler here")
@pytest.mark.skipif("KNOCKON_PURE" in os.environ, reason="plain Python was asked for")
def test_an_installed_package_is_compiled_where_a_compiler_is() -> None:
    assert build_info.compiled(), build_info.reason()
    assert build_info.reason().startswith("by mypyc")
