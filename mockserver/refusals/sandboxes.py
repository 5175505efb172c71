"""Scenarios, sandboxes, and the store that holds them."""

from __future__ import annotations

from collections.abc import Iterable

from mockserver.errors import Refusal, did_you_mean, nearest, quote


class UnknownScenario(Refusal):
    """No scenario of that name was loaded."""

    code = "unknown-scenario"

    def __init__(self, name: str, available: Iterable[str], via: str = "") -> None:
        names = sorted(available)
        self.via = via
        source = f" ({via})" if via else ""
        super().__init__(
            f"There is no scenario {quote(name)}{source}.{did_you_mean(name, names)}",
            available=names,
            did_you_mean=list(nearest(name, names)),
        )


class BadSandbox(Refusal):
    """A sandbox name that is not well formed."""

    code = "bad-sandbox"

    def __init__(self, name: str, via: str = "") -> None:
        source = f" ({via})" if via else ""
        super().__init__(
            f"{quote(name)} is no sandbox name{source}: "
            "1 to 64 letters, digits, dots, underscores and hyphens make one."
        )


class UnknownSandbox(Refusal):
    """No sandbox of that name exists now."""

    code = "unknown-sandbox"

    def __init__(self, name: str, available: Iterable[str]) -> None:
        super().__init__(f"There is no sandbox {quote(name)}.", did_you_mean=list(nearest(name, available)))


class SandboxLimit(Refusal):
    """Every sandbox place is taken by one that is in use."""

    code = "sandbox-limit"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"All {limit} sandboxes are in use. Delete those you have done with: DELETE /__mock/sandboxes/NAME.",
            limit=limit,
        )


class StoreUnavailable(Refusal):
    """The store that processes share does not answer."""

    code = "store-unavailable"

    def __init__(self) -> None:
        super().__init__("The store that holds all state does not answer. What it holds is there again when it does.")


class StoreBusy(Refusal):
    """Other requests kept changing the same sandbox first."""

    code = "store-busy"

    def __init__(self) -> None:
        super().__init__("Other requests kept changing this sandbox first; nothing was done. Send it again.")


class StoreLogFull(Refusal):
    """The store holds as many changes of the sandbox as it may."""

    code = "store-log-full"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The store holds {limit} changes of this sandbox, which is all it may. Reset it: POST /__mock/reset.",
            limit=limit,
        )
