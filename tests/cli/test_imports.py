"""What a plain `mockserver serve` imports until its first response: nothing that only some contracts or options need."""

from __future__ import annotations

import subprocess
import sys

import pytest

SERVE = """
import sys
from urllib.request import urlopen
from mockserver.cli.serve import serve_command
from mockserver.cli.serve_options import ServeOptions
from mockserver.contract.loader import load_contract
from mockserver.server.server import BackgroundServer
from mockserver.web.reload import ReloadingApp
service = ServeOptions(**serve_command.read_environment()).open_service(load_contract())
with BackgroundServer(ReloadingApp(service, load_contract)) as server:
    with urlopen(server.url + "/admin/jobs") as response:
        assert response.status == 200
    modules = list(sys.modules)
    with urlopen(server.url + "/__mock/") as response:
        assert response.status == 200
assert "flask" in sys.modules
print("\\n".join(modules))
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
        "mockserver.web.app",
        "mockserver.web.passing_view",
        "mockserver.server.web_socket",
        "mockserver.control.document",
        "mockserver.control.handlers",
        "mockserver.kit.archive",
        "mockserver.contract.diagrams.diagram",
        "mockserver.contract.inference.contract",
        "mockserver.generate.generator",
        "mockserver.generate.realistic",
        "mockserver.schemas.explaining.explainer",
        "mockserver.openapi.swagger",
        "mockserver.documents.overlays",
        "mockserver.recorder",
        "mockserver.check",
        "mockserver.client.client",
        "flask",
        "flask_swagger_ui",
        "jinja2",
        "jsonschema",
        "faker",
    ],
)
def test_a_plain_server_does_not_import(imported: set[str], module: str) -> None:
    assert module not in imported
