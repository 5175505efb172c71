"""Collections inferred from the operations of a bare OpenAPI document (`--stateful`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockserver.contract.inference.contract import with_inferred_resources

__all__ = ["with_inferred_resources"]


def __getattr__(name: str) -> Any:
    # Imported at first use: without `--stateful`, nothing is inferred.
    if name != "with_inferred_resources":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mockserver.contract.inference.contract import with_inferred_resources

    return with_inferred_resources
