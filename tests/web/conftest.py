"""Fixtures for tests of the application."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import create_app

Serve = Callable[..., FlaskClient]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Makes a client of a bare OpenAPI document."""

    def make(document: dict[str, Any]) -> FlaskClient:
        file = tmp_path / "openapi.json"
        file.write_text(json.dumps(document))
        return create_app(file).test_client(use_cookies=False)

    return make
