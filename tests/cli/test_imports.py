"""What a plain `mockserver serve` imports until its first response: nothing that only some contracts or options need."""

from __future__ import annotations

import subprocess
import sys

import pytest

SERVE = """
import sys
from mockserver.cli import serve
import mockserver
assert mockserver.create_app().test_client().get("/admin/jobs").status_code == 200
print("\\n".join(sys.modules))
"""


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """The modules that are imported until the first response."""
    done = subprocess.run([sys.executable, "-c", SERVE], capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    return modules | {module.rpartition(".")[0] for module in modules}


@pytest.mark.parametrize(
    "module",
    [
        "redis",
        "mockserver.engine.shared",
        "mockserver.server.upstream.passing_protocol",
        "mockserver.web.passing",
        "mockserver.server.web_socket",
        "mockserver.control.document",
        "mockserver.control.handlers",
        "mockserver.kit.archive",
        "mockserver.contract.diagrams.diagram",
        "mockserver.contract.inference.contract",
        "mockserver.generate.generator",
        "mockserver.generate.realistic",
        "mockserver.schemas.messages",
        "mockserver.recorder",
        "mockserver.check",
        "mockserver.client.client",
        "flask_swagger_ui",
        "jsonschema",
        "faker",
    ],
)
def test_a_plain_server_does_not_import(imported: set[str], module: str) -> None:
    assert module not in imported
