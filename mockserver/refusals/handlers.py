"""Functions of `handlers.py` that gave no result."""

from __future__ import annotations

from mockserver.errors import Refusal

UNCHANGED = "Nothing was changed. "
SEE = "The journal and the log of the server say where."


class HandlerFailed(Refusal):
    """A function of `handlers.py` raised an exception, or returned what cannot be sent.

    `note` says where and why, for the journal and the log: no client sees the contract's code. Only where a handler
    failed is it certain that nothing was changed: derived members are computed after a change.
    """

    code = "handler-failed"

    def __init__(self, subject: str, place: str, reason: str, *, is_handler: bool = True) -> None:
        self.note = f"{subject} failed at {place}: {reason}"
        super().__init__(f"{subject[:1].upper()}{subject[1:]} failed. {UNCHANGED if is_handler else ''}{SEE}")


class HandlerTimeout(Refusal):
    """A function of `handlers.py` did not end in time; `note` says where it was, for the journal and the log."""

    code = "handler-timeout"

    def __init__(self, subject: str, place: str, reason: str, *, is_handler: bool = True) -> None:
        self.note = f"{subject} did not end ({place}): {reason}"
        super().__init__(
            f"{subject[:1].upper()}{subject[1:]} did not end in time. {UNCHANGED if is_handler else ''}{SEE}"
        )
