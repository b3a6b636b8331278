"""The exceptions of the workbench: each carries one line that tells the user what to do."""

from typing import Final

from sleeptime_lib.texts import brief, plain

_LONGEST: Final = 3_000
"""Characters: room for what is wrong with the first twenty rows of a file."""


class SleeptimeError(Exception):
    """Base of every error that is shown to the user as one line, without a traceback."""

    exit_status = 2

    def __init__(self, message: str = "") -> None:
        # What was wrong may be a name or a value of any length.
        super().__init__(brief(message, _LONGEST))

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows in place of a traceback."""
        return [plain(f"{type(self).__name__}: {self}")]


class InputError(SleeptimeError):
    """Something the user gave is wrong: an option, a file, a name. Exit status 2."""


class MissingDependency(InputError):
    """An optional dependency is not installed. The message states the install command."""


class StopRun(SleeptimeError):
    """No further call of this run can succeed (bad key, unreachable server). Exit status 2."""


class CapReached(SleeptimeError):
    """The next call could pass the run's cap on tokens or money. Exit status 3."""

    exit_status = 3


class Interrupted(SleeptimeError):
    """The user stopped the run. Exit status 130."""

    exit_status = 130


class CallError(SleeptimeError):
    """One model call has failed for good. It becomes the `error` of the rows that needed it.

    Args:
        kind: Short machine-readable cause, such as `timeout`, `rate_limit`, `server_error`,
            `context_length`, `bad_request`, `not_found`, `bad_reply`, `refusal`.
        message: One line for the user.
    """

    exit_status = 1

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message
