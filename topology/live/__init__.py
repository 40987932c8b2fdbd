"""The live world: the same node classes in processes of their own, over a real broker, killed with real signals.

It needs a POSIX system: process groups, signals, and file descriptors that are handed down.
"""

from typing import Final

MARK: Final = "KNOCKON_RUN"
"""Every process of a run has this variable in its environment, so that an outsider can find them."""
