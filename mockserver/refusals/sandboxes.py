"""Scenarios, sandboxes, and the store that holds the sandboxes."""

from __future__ import annotations

from collections.abc import Iterable

from mockserver.errors import Refusal, did_you_mean, nearest, quote


class UnknownScenario(Refusal):
    """The contract has no scenario of that name; `via` says what in the request named it."""

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
    """The name of the sandbox is not valid."""

    code = "bad-sandbox"

    def __init__(self, name: str, via: str = "") -> None:
        source = f" ({via})" if via else ""
        super().__init__(
            f"{quote(name)} is not a valid sandbox name{source}: "
            "use 1 to 64 letters, digits, dots, underscores or hyphens, but not . or .. alone."
        )


class UnknownSandbox(Refusal):
    """No sandbox of that name exists."""

    code = "unknown-sandbox"

    def __init__(self, name: str, available: Iterable[str]) -> None:
        super().__init__(f"There is no sandbox {quote(name)}.", did_you_mean=list(nearest(name, available)))


class SandboxLimit(Refusal):
    """There are as many sandboxes as there may be, and all are in use."""

    code = "sandbox-limit"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"All {limit} sandboxes are in use. Delete those that you no longer need: DELETE /__mock/sandboxes/NAME.",
            limit=limit,
        )


class StoreUnavailable(Refusal):
    """The store that processes share does not respond."""

    code = "store-unavailable"

    def __init__(self) -> None:
        super().__init__("The state store is unreachable. No state is lost; retry when it is back.")


class StoreBusy(Refusal):
    """Other requests kept changing the same sandbox at the same time."""

    code = "store-busy"

    def __init__(self) -> None:
        super().__init__(
            "Other requests kept changing this sandbox at the same time. Nothing was done; send the request again."
        )


class StoreLogFull(Refusal):
    """The store holds as many changes of the sandbox as there may be."""

    code = "store-log-full"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"This sandbox has reached the limit of {limit} stored changes. Reset it: POST /__mock/reset.",
            limit=limit,
        )
