"""Files with a state machine in the Amazon States Language, as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from topology.problems import Refused

LARGEST = 1_048_576
"""AWS Step Functions Developer Guide, Service quotas: a definition may have 1 MiB."""


def read_definition(name: str) -> Any:
    """The definition in a file, not yet checked. Raises Refused where it cannot be read, is too large, or is no JSON."""
    path = Path(name)
    try:
        if path.stat().st_size > LARGEST:
            raise Refused(("file",), f"{name} is larger than 1 MiB, the most of a definition")
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Refused(("file",), f"{name} cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        if isinstance(error, Refused):
            raise
        raise Refused(("file",), f"{name} is no JSON: {error}") from None
