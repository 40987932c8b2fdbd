"""How a state fails: the error's name, its cause in words, and whether Retry and Catch may see it."""

from __future__ import annotations

ALL, TASK_FAILED, TIMEOUT, HEARTBEAT_TIMEOUT = "States.ALL", "States.TaskFailed", "States.Timeout", "States.HeartbeatTimeout"
RUNTIME, DATA_LIMIT, QUERY = "States.Runtime", "States.DataLimitExceeded", "States.QueryEvaluationError"
TOO_MANY_FAILED, READER_FAILED = "States.ExceedToleratedFailureThreshold", "States.ItemReaderFailed"
WRITER_FAILED, BRANCH_FAILED, PERMISSIONS = "States.ResultWriterFailed", "States.BranchFailed", "States.Permissions"

KNOWN_ERRORS = (
    *(ALL, TASK_FAILED, TIMEOUT, HEARTBEAT_TIMEOUT, RUNTIME, DATA_LIMIT, QUERY, TOO_MANY_FAILED, READER_FAILED),
    *(WRITER_FAILED, BRANCH_FAILED, PERMISSIONS, "States.NoChoiceMatched", "States.ParameterPathFailure"),
    *("States.IntrinsicFailure", "States.ResultPathMatchFailure", "States.Http.Socket"),
)
"""Every error name that begins with `States.`; a definition may name no other one of them."""


class Failure(Exception):
    """A state that ended in an error.

    A `fatal` one, such as a path that names nothing, ends the whole execution: neither Retry nor Catch sees it.
    `location` is the field whose JSONata expression could not be evaluated, or empty. `also` are more names under which
    Retry and Catch know it. The cause of a `bare` one does not yet say in which state it happened.
    """

    def __init__(
        self,
        error: str | None,
        cause: str | None = None,
        *,
        fatal: bool = False,
        bare: bool = False,
        location: str = "",
        also: tuple[str, ...] = (),
    ) -> None:
        super().__init__(f"{error}: {cause}")
        self.error, self.cause, self.fatal, self.bare = error, cause, fatal, bare
        self.location, self.also = location, also

    def output(self) -> dict[str, str | None]:
        """What a Catch passes on."""
        return {"Error": self.error, "Cause": self.cause}

    def matches(self, names: tuple[str, ...]) -> bool:
        """Whether one of the names in an ErrorEquals stands for this error."""
        if self.fatal:
            return False
        wide = {TIMEOUT: (ALL,), RUNTIME: ()}.get(self.error or "", (ALL, TASK_FAILED))
        return any(name == self.error or name in wide or name in self.also for name in names)

    def placed(self, state: str, entered: int) -> Failure:
        """The same, with the state in which it happened."""
        words = f"An error occurred while executing the state '{state}' (entered at the event id #{entered}). {self.cause}"
        return Failure(self.error, words, fatal=self.fatal, location=self.location, also=self.also)


class Unresolved(Exception):
    """A path that names nothing, or an intrinsic function that cannot be computed; the words say which and why."""

    def __init__(self, words: str, *, missing: bool = False) -> None:
        super().__init__(words)
        self.words, self.missing = words, missing


def runtime(words: str) -> Failure:
    """The error that ends an execution whatever its Retry and Catch say."""
    return Failure(RUNTIME, words, fatal=True, bare=True)
