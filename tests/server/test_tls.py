from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
import requests
from click.testing import CliRunner

from mockserver import BackgroundServer, Client, MockError, create_app
from mockserver.cli.main import main
from mockserver.server.tls import load_certificate
from tests.attack.raw_http import send
from tests.conftest import require_program
from tests.documents.kennel import write
from tests.test_container import instruction

SECONDS = 20.0


class Files(NamedTuple):
    certificate: Path
    key: Path
    encrypted_key: Path
    other_key: Path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """A certificate of localhost, its key, the same key with a password, and a key of nothing."""
    program = require_program(shutil.which("openssl"), "openssl is not installed; on Debian: apt-get install openssl")
    folder = tmp_path_factory.mktemp("tls")
    files = Files(folder / "cert.pem", folder / "key.pem", folder / "encrypted.pem", folder / "other.pem")
    curve = "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"
    for arguments in (
        ("genpkey", *curve, "-out", files.key),
        ("genpkey", *curve, "-out", files.other_key),
        ("pkey", "-in", files.key, "-aes256", "-passout", "pass:secret", "-out", files.encrypted_key),
        ("req", "-x509", "-new", "-key", files.key, "-out", files.certificate, "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
    ):  # fmt: skip
        subprocess.run([program, *map(str, arguments)], check=True, capture_output=True, timeout=SECONDS)
    return files


@pytest.fixture(scope="module")
def tls(files: Files) -> ssl.SSLContext:
    return load_certificate(files.certificate, files.key)


@pytest.fixture
def http(files: Files, monkeypatch: pytest.MonkeyPatch) -> requests.Session:
    """Trusts the certificate, as the variable that the documentation names has it."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(files.certificate))
    return requests.Session()


@pytest.fixture(scope="module")
def server(tls: ssl.SSLContext) -> Iterator[BackgroundServer]:
    with BackgroundServer(create_app(), tls=tls) as running:
        yield running


def test_a_server_with_a_certificate_has_an_https_address(server: BackgroundServer) -> None:
    assert urlsplit(server.url).scheme == "https"


def test_the_health_check_of_the_image_takes_any_certificate(server: BackgroundServer) -> None:
    _, *arguments = instruction("HEALTHCHECK")
    environment = {**os.environ, "MOCKSERVER_PORT": str(urlsplit(server.url).port), "MOCKSERVER_TLS_CERT": "cert.pem"}
    done = subprocess.run([sys.executable, *arguments], timeout=SECONDS, check=False, env=environment)
    assert done.returncode == 0


def test_the_api_is_served(server: BackgroundServer, http: requests.Session) -> None:
    assert http.get(f"{server.url}/admin/jobs", timeout=SECONDS).json()["total"] == 36


def test_pages_are_served(server: BackgroundServer, http: requests.Session) -> None:
    assert "<title>" in http.get(f"{server.url}/admin/queue", timeout=SECONDS).text


def test_a_connection_is_kept(server: BackgroundServer, http: requests.Session) -> None:
    for _ in range(3):
        http.get(f"{server.url}/admin/jobs", timeout=SECONDS)
    pools = http.get_adapter(server.url).poolmanager.pools  # type: ignore[attr-defined]
    assert [pools[key].num_connections for key in pools.keys()] == [1]  # noqa: SIM118 - its keys cannot be iterated


def test_a_page_of_the_same_origin_may_use_the_control_api(server: BackgroundServer, http: requests.Session) -> None:
    headers = {"Origin": server.url}
    response = http.post(f"{server.url}/__mock/reset", headers=headers, timeout=SECONDS)
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == server.url


def test_cookies_are_sent_over_tls_alone(server: BackgroundServer, http: requests.Session) -> None:
    headers = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    url = f"{server.url}/admin/queue?__scenario=empty"
    response = http.get(url, headers=headers, timeout=SECONDS, allow_redirects=False)
    assert response.headers["Set-Cookie"] == "mock_scenario=empty; Secure; Path=/; SameSite=Lax"


def test_an_absolute_location_has_the_scheme(tls: ssl.SSLContext, http: requests.Session, tmp_path: Path) -> None:
    with BackgroundServer(create_app(write(tmp_path), stateful=True), tls=tls) as server:
        response = http.post(f"{server.url}/owners", json={"name": "Ada"}, timeout=SECONDS)
    assert response.headers["Location"].startswith(f"{server.url}/owners/")


@pytest.mark.parametrize("fault", ["connection-reset", "empty-response", "malformed-chunk"])
def test_a_fault_breaks_the_connection(server: BackgroundServer, http: requests.Session, fault: str) -> None:
    sandbox = {"X-Mock-Sandbox": fault}
    override = {"operation": "listJobs", "fault": fault}
    http.post(f"{server.url}/__mock/overrides", json=override, headers=sandbox, timeout=SECONDS).raise_for_status()
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        http.get(f"{server.url}/admin/jobs", headers=sandbox, timeout=SECONDS)


def test_a_delayed_response_arrives(server: BackgroundServer, http: requests.Session) -> None:
    sandbox = {"X-Mock-Sandbox": "delayed"}
    override = {"operation": "listJobs", "delay": "30ms"}
    http.post(f"{server.url}/__mock/overrides", json=override, headers=sandbox, timeout=SECONDS).raise_for_status()
    assert http.get(f"{server.url}/admin/jobs", headers=sandbox, timeout=SECONDS).status_code == 200


def test_a_client_that_closes_before_a_delayed_response_is_not_a_warning(
    server: BackgroundServer, http: requests.Session, files: Files, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox = {"X-Mock-Sandbox": "closed"}
    override = {"operation": "listJobs", "delay": "1h"}
    http.post(f"{server.url}/__mock/overrides", json=override, headers=sandbox, timeout=SECONDS).raise_for_status()
    context = ssl.create_default_context(cafile=files.certificate)
    with socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0), timeout=SECONDS) as raw:
        secured = context.wrap_socket(raw, server_hostname="localhost")
        secured.sendall(b"GET /admin/jobs HTTP/1.1\r\nHost: localhost\r\nX-Mock-Sandbox: closed\r\n\r\n")
        # It returns once the server has closed its side, too.
        secured.unwrap().close()
    assert caplog.records == []


def test_a_certificate_that_the_python_client_does_not_trust_is_explained(server: BackgroundServer) -> None:
    with pytest.raises(MockError, match=r"self-signed certificate.*REQUESTS_CA_BUNDLE"):
        Client(server.url, "client").clock()


def test_the_python_client_uses_https(server: BackgroundServer, http: requests.Session) -> None:
    with Client(server.url, "client") as mock:
        assert mock.clock()
        assert mock.session.get(f"{mock.url}/admin/jobs", timeout=SECONDS).status_code == 200


def test_serve_prints_the_https_address(files: Files, http: requests.Session) -> None:
    command = [sys.executable, "-m", "mockserver", "serve", "--port", "0"]
    command += ["--tls-cert", str(files.certificate), "--tls-key", str(files.key)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            lines = [next(process.stdout) for _ in range(4)]
            address = lines[2].removeprefix("Listening on ").strip()
            assert lines[3] == f"Console: {address}/__mock/\n"
            assert http.get(f"{address}/__mock/health", timeout=SECONDS).status_code == 200
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(SECONDS)


def refusal(*arguments: str | Path) -> str:
    """What `serve` prints about options that it refuses."""
    result = CliRunner().invoke(main, ["serve", "--port", "0", *map(str, arguments)])
    assert result.exit_code == 2
    return result.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--tls-cert", "Error: TLS needs a certificate and its key: name the private key with --tls-key."),
        ("--tls-key", "Error: TLS needs a certificate and its key: name the certificate with --tls-cert."),
    ],
)
def test_a_certificate_without_its_key_is_refused(files: Files, option: str, message: str) -> None:
    assert refusal(option, files.certificate) == message


def test_a_file_that_does_not_exist_is_named(files: Files) -> None:
    missing = files.key.with_name("missing.pem")
    message = f"Error: Cannot serve TLS with {missing}: No such file or directory."
    assert refusal("--tls-cert", files.certificate, "--tls-key", missing) == message


def test_a_key_of_another_certificate_is_refused(files: Files) -> None:
    message = f"Error: Cannot serve TLS with {files.other_key}: it is not the key of the certificate {files.certificate}."  # fmt: skip
    assert refusal("--tls-cert", files.certificate, "--tls-key", files.other_key) == message


def test_an_encrypted_key_is_refused_without_a_question(files: Files) -> None:
    message = refusal("--tls-cert", files.certificate, "--tls-key", files.encrypted_key)
    assert "the key is encrypted" in message


def test_a_file_without_a_certificate_is_named(files: Files) -> None:
    message = refusal("--tls-cert", files.key, "--tls-key", files.key)
    assert f"{files.key}: it holds no certificate in PEM" in message


def test_a_file_without_a_key_is_named(files: Files) -> None:
    message = refusal("--tls-cert", files.certificate, "--tls-key", files.certificate)
    assert f"{files.certificate}: it holds no private key in PEM" in message


@pytest.mark.parametrize("method", [b"GET", b"DELETE", b"CONNECT", b"SSH-2.0"])
def test_plain_http_is_logged(server: BackgroundServer, method: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("WARNING", "mockserver"):
        assert send(server.url, method + b" /x HTTP/1.1\r\nHost: localhost\r\n\r\n") == b""
    assert caplog.messages == [
        "A connection was closed: the client did not begin with TLS; the addresses of this server begin with https://."
    ]


def test_a_handshake_that_fails_is_logged(server: BackgroundServer, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("WARNING", "mockserver"):
        send(server.url, b"\x16\x03\x01\xff\xff" + bytes(100))
    assert caplog.messages == ["A connection was closed: the TLS handshake failed (PACKET_LENGTH_TOO_LONG)."]
