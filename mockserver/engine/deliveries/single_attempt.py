"""Deliveries that no change of a record leads to, and that are attempted once."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from mockserver.engine.deliveries.delivery import Attempt, WebhookDelivery


class SingleAttempt(Struct, frozen=True, eq=False):
    """Has a delivery attempted if `may_begin` says so; `note` is called with how the attempt has ended."""

    may_begin: Callable[[WebhookDelivery], bool]
    note: Callable[[WebhookDelivery, Attempt], None]

    def begins(self, delivery: WebhookDelivery) -> bool:
        """Whether the attempt may begin now."""
        return self.may_begin(delivery)

    def attempted(self, delivery: WebhookDelivery, attempt: Attempt) -> None:
        """Note how the attempt has ended."""
        self.note(delivery, replace(attempt, ends=True))

    def look(self) -> None:
        """Nothing is due later."""
