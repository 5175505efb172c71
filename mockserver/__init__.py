"""A mock API server that serves an OpenAPI contract from files, keeps state, and validates every response."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mockserver.version import __version__

if TYPE_CHECKING:
    from mockserver.client.client import Client
    from mockserver.client.errors import ExpectationError, MockError, VerdictFailed
    from mockserver.contract.loader import load_contract
    from mockserver.contract.model import Contract
    from mockserver.errors import ContractError, MockserverError, Problem, Refusal, Violation
    from mockserver.handlers.declarations import Reply, Upload, derived, handler
    from mockserver.server.server import BackgroundServer
    from mockserver.web.app import create_app

__all__ = [
    "BackgroundServer",
    "Client",
    "Contract",
    "ContractError",
    "ExpectationError",
    "MockError",
    "MockserverError",
    "Problem",
    "Refusal",
    "Reply",
    "Upload",
    "VerdictFailed",
    "Violation",
    "__version__",
    "create_app",
    "derived",
    "handler",
    "load_contract",
]

# Imported at first use: most programs need few of them, and all together take a third of a second.
_MODULES = {
    "BackgroundServer": "mockserver.server.server",
    "Client": "mockserver.client.client",
    "Contract": "mockserver.contract.model",
    "ContractError": "mockserver.errors",
    "ExpectationError": "mockserver.client.errors",
    "MockError": "mockserver.client.errors",
    "MockserverError": "mockserver.errors",
    "Problem": "mockserver.errors",
    "Refusal": "mockserver.errors",
    "Reply": "mockserver.handlers.declarations",
    "Upload": "mockserver.handlers.declarations",
    "VerdictFailed": "mockserver.client.errors",
    "Violation": "mockserver.errors",
    "create_app": "mockserver.web.app",
    "derived": "mockserver.handlers.declarations",
    "handler": "mockserver.handlers.declarations",
    "load_contract": "mockserver.contract.loader",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_MODULES[name]), name)
    return value


def __dir__() -> list[str]:
    return __all__
