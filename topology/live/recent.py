"""A memory with a limit: the oldest is forgotten when there is too much to remember."""

from __future__ import annotations

from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Recent(dict[Key, Value], Generic[Key, Value]):
    """A dictionary that keeps the latest `limit` keys."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def remember(self, key: Key, value: Value) -> None:
        """Keep one more, as the newest."""
        self.pop(key, None)
        self[key] = value
        if len(self) > self.limit:
            del self[next(iter(self))]
