"""A mock API server that serves an OpenAPI contract from files, keeps state, and validates every response."""

from __future__ import annotations

import gc

# Imports leave no garbage behind, and looking for it would take a tenth of the start.
_collects = gc.isenabled()
gc.disable()

from mockserver.contract.loader import load_contract
from mockserver.contract.model import Contract
from mockserver.errors import ContractError, MockserverError, Problem, Refusal, Violation
from mockserver.server.server import BackgroundServer
from mockserver.version import __version__
from mockserver.web.app import create_app

if _collects:
    gc.enable()

__all__ = [
    "BackgroundServer",
    "Contract",
    "ContractError",
    "MockserverError",
    "Problem",
    "Refusal",
    "Violation",
    "__version__",
    "create_app",
    "load_contract",
]
