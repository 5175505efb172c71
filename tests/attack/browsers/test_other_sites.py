"""What another site can make a browser send to this server, and what it may do with the response."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from mockserver import BackgroundServer, Contract, create_app
from tests.attack.raw_http import send, statuses
from tests.attack.scale import combine

SECONDS = 10
TOKEN = "s3cret"
EVIL = "http://evil.example"
JSON = {"Content-Type": "application/json"}
# Each changes something, with a body that is valid.
WRITES = [
    ("POST", "/__mock/reset", "{}"),
    ("PUT", "/__mock/scenario", '{"name": "empty"}'),
    ("DELETE", "/__mock/scenario", ""),
    ("PUT", "/__mock/state/jobs/job-1", "{}"),
    ("DELETE", "/__mock/state/jobs/job-1", ""),
    ("POST", "/__mock/state/jobs/job-1/start", ""),
    ("POST", "/__mock/clock", '{"advance": "1h"}'),
    ("POST", "/__mock/overrides", '{"operation": "listJobs", "status": 500}'),
    ("DELETE", "/__mock/overrides", ""),
    ("DELETE", "/__mock/requests", ""),
    ("DELETE", "/__mock/violations", ""),
    ("DELETE", "/__mock/sandboxes/other", ""),
]
READS = [
    "/__mock/state", "/__mock/clock", "/__mock/requests", "/__mock/recording", "/__mock/sandboxes", "/__mock/overrides",
    "/__mock/verdict", "/__mock/violations", "/__mock/scenarios", "/__mock/openapi.json",
]  # fmt: skip
PAGES = ["/__mock/", "/__mock/docs", "/admin/queue", "/tutor"]
FOREIGN_HOSTS = [
    "evil.example", "evil.example:4080", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.1.nip.io",
    "169.254.169.254", "192.168.0.1", "0.0.0.0", "[::]", "2130706434", "0x7f.1.evil.example", "",
]  # fmt: skip
# Neither a host name nor an address.
INVALID_HOSTS = [
    "localhost@evil.example", "evil.example#localhost", "localhost\\.evil.example", "localhost/evil.example",
    "localhost?evil.example", "localhost evil.example", "[localhost]", "http://localhost",
]  # fmt: skip
FOREIGN_ORIGINS = [
    EVIL, "https://evil.example", "null", "http://localhost.evil.example", "http://127.0.0.1.evil.example",
    "http://evil.example:4080", "file://", "chrome-extension://abcdef", "http://localhost@evil.example",
    "http://evil.example?localhost", "http://evil.example#localhost", "data:text/html,x", "http://[::2]", "localhost",
]  # fmt: skip
FORM_TYPES = [
    "text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
    "TEXT/PLAIN", "text/plain; application/json", "application/x-www-form-urlencoded, application/json", "",
    "application/jsonx", "text/json",
]  # fmt: skip


@pytest.fixture(scope="module")
def server(built_in: Contract) -> Iterator[BackgroundServer]:
    with BackgroundServer(create_app(built_in), "127.0.0.1") as running:
        yield running


@pytest.fixture(scope="module")
def guarded(built_in: Contract) -> Iterator[BackgroundServer]:
    """A server whose control API requires a token."""
    with BackgroundServer(create_app(built_in, token=TOKEN), "127.0.0.1") as running:
        yield running


def ask(server: BackgroundServer, method: str, path: str, body: str = "", **headers: str) -> requests.Response:
    """Send a request without the headers that `requests` adds; header names have underscores for hyphens."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    defaults = {"User-Agent": None, "Accept": None, "Accept-Encoding": None}
    return requests.request(
        method, server.url + path, data=body, headers={**defaults, **names}, timeout=SECONDS, allow_redirects=False
    )


def refusal(response: requests.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_a_rebound_host_name_cannot_change_anything(
    server: BackgroundServer, method: str, path: str, body: str
) -> None:
    response = ask(server, method, path, body, Host="evil.example:4080", Origin="http://evil.example:4080", **JSON)
    assert refusal(response) == (403, "forbidden-host")


@pytest.mark.parametrize("path", [*READS, "/__mock/", "/__mock/docs"])
def test_a_rebound_host_name_cannot_read_the_control_api(server: BackgroundServer, path: str) -> None:
    assert refusal(ask(server, "GET", path, Host="evil.example")) == (403, "forbidden-host")


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_no_spelling_of_a_foreign_host_is_taken_for_this_machine(server: BackgroundServer, host: str) -> None:
    assert refusal(ask(server, "GET", "/__mock/state", Host=host)) == (403, "forbidden-host")


@pytest.mark.parametrize("host", INVALID_HOSTS)
def test_an_invalid_host_is_refused(server: BackgroundServer, host: str) -> None:
    assert refusal(ask(server, "GET", "/__mock/state", Host=host)) == (400, "bad-host")


def test_the_host_of_an_absolute_target_is_checked(server: BackgroundServer) -> None:
    sent = b"GET http://evil.example/__mock/state HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert statuses(send(server.url, sent)) == [403]


@pytest.mark.parametrize("header", ["X-Forwarded-Host", "Forwarded", "X-Host", "X-Original-Host"])
def test_headers_of_proxies_do_not_replace_the_host(server: BackgroundServer, header: str) -> None:
    response = ask(server, "GET", "/__mock/state", Host="evil.example", **{header: "localhost"})
    assert refusal(response) == (403, "forbidden-host")


@pytest.mark.parametrize(("origin", "write"), combine(FOREIGN_ORIGINS, WRITES[:3]))
def test_another_origin_cannot_change_anything(
    server: BackgroundServer, origin: str, write: tuple[str, str, str]
) -> None:
    assert refusal(ask(server, *write, Origin=origin, **JSON)) == (403, "forbidden-origin")


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_another_origin_cannot_read_the_control_api(server: BackgroundServer, origin: str) -> None:
    response = ask(server, "GET", "/__mock/state", Origin=origin)
    assert response.status_code == 403
    assert response.headers.get("Access-Control-Allow-Origin") is None


@pytest.mark.parametrize(("origin", "method"), combine(FOREIGN_ORIGINS, ["POST", "PUT", "DELETE", "PATCH"]))
def test_a_preflight_of_another_origin_to_the_control_api_is_refused(
    server: BackgroundServer, origin: str, method: str
) -> None:
    response = ask(server, "OPTIONS", "/__mock/state", Origin=origin, Access_Control_Request_Method=method)
    assert "Access-Control-Allow-Origin" not in response.headers
    assert "Access-Control-Allow-Methods" not in response.headers


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_another_origin_may_call_the_mocked_api_but_not_with_credentials(server: BackgroundServer, origin: str) -> None:
    response = ask(server, "GET", "/admin/jobs", Origin=origin, Cookie="mock_scenario=empty")
    assert response.status_code == 200
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize(("content_type", "write"), combine(FORM_TYPES, [write for write in WRITES if write[2]]))
def test_a_form_cannot_change_anything_even_if_the_browser_sends_no_origin(
    server: BackgroundServer, content_type: str, write: tuple[str, str, str]
) -> None:
    response = ask(server, *write, Content_Type=content_type)
    assert refusal(response) == (403, "forbidden-origin")


def test_a_beacon_cannot_change_anything(server: BackgroundServer) -> None:
    response = ask(
        server, "POST", "/__mock/reset", "{}", Origin=EVIL, Content_Type="text/plain;charset=UTF-8",
        Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors", Sec_Fetch_Dest="empty",
    )  # fmt: skip
    assert refusal(response) == (403, "forbidden-origin")


@pytest.mark.parametrize("destination", ["image", "script", "style", "iframe", "object", "embed", "audio", "track"])
def test_an_element_of_another_site_cannot_load_the_control_api(server: BackgroundServer, destination: str) -> None:
    response = ask(
        server, "GET", "/__mock/recording", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors",
        Sec_Fetch_Dest=destination,
    )  # fmt: skip
    assert refusal(response) == (403, "forbidden-origin")


@pytest.mark.parametrize(("method", "path"), combine(["GET", "HEAD"], [path for _, path, _ in WRITES]))
def test_a_link_or_image_changes_nothing(server: BackgroundServer, method: str, path: str) -> None:
    before = requests.get(f"{server.url}/__mock/state", timeout=SECONDS).json()
    ask(server, method, f"{path}?_method=DELETE", X_HTTP_Method_Override="DELETE")
    assert requests.get(f"{server.url}/__mock/state", timeout=SECONDS).json() == before


@pytest.mark.parametrize("path", PAGES)
def test_a_page_cannot_be_framed(server: BackgroundServer, path: str) -> None:
    response = ask(server, "GET", path)
    assert response.status_code == 200
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_runs_no_script_of_another_place_and_none_that_is_inline(server: BackgroundServer, path: str) -> None:
    policy = dict(part.strip().partition(" ")[::2] for part in ask(server, "GET", path).headers["Content-Security-Policy"].split(";"))  # fmt: skip
    assert policy.get("script-src", policy["default-src"]) == "'self'"
    assert policy["object-src"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self'"


@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_taken_for_another_media_type(server: BackgroundServer, path: str) -> None:
    assert ask(server, "GET", path).headers.get("X-Content-Type-Options") == "nosniff"


# Cookies are shared by all ports of a host and can be set by sibling domains.
TOSSED = [
    "mock_token=wrong",
    "mock_token=",
    "mock_token=wrong; mock_token=also-wrong",
    f"Mock_Token={TOKEN}",
    f"x=1, mock_token={TOKEN}",
    "mock_token=" + "a" * 10_000,
]


@pytest.mark.parametrize("cookie", TOSSED)
def test_a_cookie_that_is_not_the_token_opens_nothing(guarded: BackgroundServer, cookie: str) -> None:
    assert refusal(ask(guarded, "GET", "/__mock/state", Cookie=cookie, Sec_Fetch_Site="same-origin"))[0] == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": EVIL},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "no-cors"},
    ],
)
def test_the_cookie_with_the_token_is_of_no_use_to_another_origin(
    guarded: BackgroundServer, headers: dict[str, str]
) -> None:
    response = ask(guarded, "GET", "/__mock/state", Cookie=f"mock_token={TOKEN}", **headers)
    assert refusal(response) == (403, "forbidden-origin")


@pytest.mark.parametrize("origin", [EVIL, "null", "http://127.0.0.1:1"])
def test_the_cookie_with_the_token_does_not_let_another_origin_write(guarded: BackgroundServer, origin: str) -> None:
    response = ask(guarded, "POST", "/__mock/reset", "{}", Cookie=f"mock_token={TOKEN}", Origin=origin, **JSON)
    assert refusal(response) == (403, "forbidden-origin")


def test_the_cookie_with_the_token_is_kept_from_scripts_and_other_sites(guarded: BackgroundServer) -> None:
    response = ask(guarded, "GET", f"/__mock/?__token={TOKEN}", Sec_Fetch_Mode="navigate", Accept="text/html")
    assert response.status_code == 303
    assert response.headers["Location"] == "/__mock/"
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(response.headers["Set-Cookie"].split("; "))


@pytest.mark.parametrize(
    "value", ["//evil.example", "/\\evil.example", "https://evil.example", "a\r\nLocation: //evil"]
)
def test_a_navigation_that_selects_a_sandbox_is_not_redirected_to_another_site(
    server: BackgroundServer, value: str
) -> None:
    navigation = {"Sec_Fetch_Mode": "navigate", "Accept": "text/html"}
    for path in (f"/{value}?__sandbox=a", f"/admin/queue?__sandbox=a&next={value}"):
        response = ask(server, "GET", path, **navigation)
        assert not response.headers.get("Location", "/x").startswith(("//", "/\\", "http")), path
