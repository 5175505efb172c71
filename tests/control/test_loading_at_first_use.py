"""The document of the control API is read at the first request to it."""

from __future__ import annotations

import subprocess
import sys

from mockserver import Contract
from mockserver.control.document import load_control_api
from mockserver.engine.sandboxes import Sandboxes
from mockserver.http.pipeline import respond
from mockserver.http.request.addressing import build_request
from mockserver.http.router import CONTRACT_DOCUMENT, is_control_path
from mockserver.http.service import Service
from mockserver.web.services import create_service

SERVE = """
import sys
import mockserver
client = mockserver.create_app().test_client()
assert client.get("/admin/jobs").status_code == 200
before = "mockserver.control.document" in sys.modules
assert client.post("/__mock/reset").status_code == 200
print(before, "mockserver.control.document" in sys.modules)
"""


def test_a_server_loads_the_control_api_when_it_is_called() -> None:
    done = subprocess.run([sys.executable, "-c", SERVE], capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"


def test_the_document_of_the_contract_is_the_only_path_of_the_control_api_outside_its_prefix() -> None:
    paths = {operation.path for operation in load_control_api().operations.values()}
    assert {path for path in paths if not is_control_path(path)} == {CONTRACT_DOCUMENT}


def refused_methods(service: Service, method: str, path: str) -> tuple[int, str | None]:
    response = respond(service, build_request(method, path, {"Host": "localhost"}))
    return response.status, dict(response.headers).get("Allow")


def test_another_method_of_a_control_path_is_refused_with_those_it_has(built_in: Contract) -> None:
    service = create_service(built_in, Sandboxes(built_in))
    assert refused_methods(service, "PATCH", "/__mock/scenario") == (405, "DELETE, OPTIONS, PUT")


def test_another_method_of_the_contracts_document_is_refused_with_those_it_has(built_in: Contract) -> None:
    service = create_service(built_in, Sandboxes(built_in))
    assert refused_methods(service, "DELETE", "/openapi.json") == (405, "GET, HEAD, OPTIONS")
