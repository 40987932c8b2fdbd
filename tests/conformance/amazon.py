"""moto in place of the services, in this process and for as long as it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

moto = pytest.importorskip("moto", reason="moto is not installed: nothing to compare with")
NAMES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


@contextmanager
def services() -> Iterator[None]:
    """While it lasts, clients talk to moto, with credentials that open nothing."""
    with pytest.MonkeyPatch.context() as patched:
        for name in NAMES:
            patched.setenv(name, "none")
        with moto.mock_aws():
            yield
