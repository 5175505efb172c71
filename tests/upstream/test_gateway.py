"""What a gateway changes in requests and responses, byte by byte (RFC 9110, section 7.6)."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from tests.upstream.backend import OK, Received, body_of, connect, exchange, get, head_of, read_all, status_of
from tests.upstream.conftest import StartBackend, StartMock


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        ("/x", "/x"),
        ("/x?", "/x?"),
        ("/x?a=1&b=%20+&a=", "/x?a=1&b=%20+&a="),
        ("/a%2Fb%2e%zz/%C3%A4", "/a%2Fb%2e%zz/%C3%A4"),
        ("//evil/path", "//evil/path"),
        ("/..//x", "/..//x"),
        ("/a/../../b", "/a/../../b"),
        ("/x;p=1,2", "/x;p=1,2"),
        ("http://evil.test/x?y=1", "/x?y=1"),
        ("http://evil.test", "/"),
        ("http://evil.test?y", "/?y"),
        ("/x?__sandbox=a&b=1", "/x?b=1"),
        ("/x?%5f_sandbox=a", "/x"),
        ("/x?b=1&&__scenario=empty&c", "/x?b=1&&c"),
        ("/__mock/in/box/x?y=1", "/x?y=1"),
        ("/__mock/in/box@empty/a%2Fb/", "/a%2Fb/"),
        ("/%5f_mock/in/box/x", "/x"),
        ("/__mock/in/box//x", "//x"),
    ],
)
def test_path_and_query_are_sent_raw_to_the_upstream(
    sent: str, received: str, backend: StartBackend, mock: StartMock
) -> None:
    upstream = backend()
    assert status_of(exchange(mock(upstream).url, get(sent))) == 200
    assert upstream.last.target == received


@pytest.mark.parametrize(
    ("path", "servers", "sent", "received"),
    [
        ("/api", [], "/x", "/api/x"),
        ("/api/", [], "/", "/api/"),
        ("/api/v2", ["/v1"], "/v1/x", "/api/v2/x"),
        ("/api/v2", ["https://api.example.com/v1"], "/v1", "/api/v2"),
        ("/api/v2", ["/v1"], "/v1x", "/api/v2/v1x"),
        ("/api/v2", ["/v1", "/v1/x"], "/v1/x/y", "/api/v2/y"),
        ("", ["/v1"], "/v1/x", "/v1/x"),
        ("/p%20q", [], "/x", "/p%20q/x"),
    ],
)
def test_the_path_of_the_upstream_stands_in_place_of_a_prefix_of_the_servers(
    path: str, servers: list[str], sent: str, received: str, backend: StartBackend, mock: StartMock, tmp_path: Path
) -> None:
    upstream = backend()
    document = tmp_path / "openapi.yaml"
    urls = ", ".join(f"{{url: '{url}'}}" for url in servers)
    document.write_text(
        f"openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\nservers: [{urls}]\n"
        "paths: {/things: {get: {operationId: list, responses: {'200': {description: ok}}}}}\n"
    )
    assert status_of(exchange(mock(upstream.url + path, document).url, get(sent))) == 200
    assert upstream.last.target == received


def test_the_head_of_a_request_is_that_of_its_client_for_the_upstream(backend: StartBackend, mock: StartMock) -> None:
    upstream = backend()
    lines = ["User-Agent: me", "Accept: */*", "X-Twice: 1", "X-Twice: 2", "api_key: k", "Authorization: Bearer t"]
    exchange(mock(upstream).url, get("/x", *lines))
    via = upstream.last.headers["via"]
    assert upstream.last.pairs == [
        ("host", f"127.0.0.1:{upstream.port}"),
        ("user-agent", "me"),
        ("accept", "*/*"),
        ("x-twice", "1"),
        ("x-twice", "2"),
        ("api_key", "k"),
        ("authorization", "Bearer t"),
        ("x-forwarded-for", "127.0.0.1"),
        ("via", via),
        ("x-forwarded-host", "mock.test"),
        ("x-forwarded-proto", "http"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "Connection: keep-alive, X-Private\r\nX-Private: 1",
        "Keep-Alive: timeout=5",
        "Proxy-Connection: keep-alive",
        "TE: gzip",
        "Trailer: X-A",
        "Upgrade: h2c",
        "Proxy-Authorization: Basic eDp5",
        "Expect: 100-continue",
        "X-Mock-Sandbox: box",
        "X-Mock-Scenario: empty",
        "X-Mock-Token: secret",
        "X_Mock_Token: secret",
        "Cookie: mock_sandbox=box; mock_scenario=empty; mock_token=secret",
        "baggage: mock-sandbox=box,mock-scenario=empty",
        "baggage:  mock-sandbox=box;p=1 ",
    ],
)
def test_what_concerns_the_neighbour_or_this_server_is_not_forwarded(
    line: str, backend: StartBackend, mock: StartMock
) -> None:
    upstream = backend()
    request = f"GET /x HTTP/1.1\r\nHost: mock.test\r\n{line}\r\n\r\n".encode()
    with connect(mock(upstream).url) as connection:
        connection.sendall(request)
        response = connection.recv(65536).removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
        response = response or connection.recv(65536)
    names = [name for name, _ in upstream.last.pairs]
    assert status_of(response) == 200
    assert names == ["host", "x-forwarded-for", "via", "x-forwarded-host", "x-forwarded-proto"]


def test_the_host_of_an_absolute_target_is_forwarded(backend: StartBackend, mock: StartMock) -> None:
    upstream = backend()
    exchange(mock(upstream).url, get("http://app.test:81/x"))
    assert ("x-forwarded-host", "app.test:81") in upstream.last.pairs


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        ("Cookie: a=1; mock_sandbox=box; b=2", ("cookie", "a=1; b=2")),
        ("Cookie: mock_sandbox=box; a=1", ("cookie", "a=1")),
        ("Cookie: a=mock_b; mocking=1", ("cookie", "a=mock_b; mocking=1")),
        ("baggage: user=1,mock-sandbox=box, tenant=2;p", ("baggage", "user=1, tenant=2;p")),
        ("X-Forwarded-For: 192.0.2.1", ("x-forwarded-for", "192.0.2.1, 127.0.0.1")),
        ("X-Forwarded-Host: forged", ("x-forwarded-host", "mock.test")),
        ("X-Forwarded-Proto: https", ("x-forwarded-proto", "http")),
        ("Max-Forwards: 5", ("max-forwards", "4")),
        ("Max-Forwards: \xb2", ("max-forwards", "\xb2")),
        (f"Max-Forwards: {'9' * 5_000}", ("max-forwards", "9" * 5_000)),
        ("Accept-Encoding: br, zstd", ("accept-encoding", "br, zstd")),
    ],
)
def test_the_rest_of_a_header_is_forwarded(
    sent: str, received: tuple[str, str], backend: StartBackend, mock: StartMock
) -> None:
    upstream = backend()
    exchange(mock(upstream).url, get("/x", sent))
    assert [pair for pair in upstream.last.pairs if pair[0] == received[0]] == [received]


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        ("gzip, br, deflate;q=0.5", "gzip, deflate;q=0.5"),
        ("br", "identity"),
        ("br, *", "gzip, deflate"),
        ("br, *;q=0", "identity"),
        ("identity;q=0.5, gzip", "identity;q=0.5, gzip"),
    ],
)
def test_for_operations_the_content_codings_are_those_that_can_be_decoded(
    sent: str, received: str, backend: StartBackend, mock: StartMock
) -> None:
    upstream = backend()
    exchange(mock(upstream, passes=["listJobs"]).url, get("/admin/jobs", f"Accept-Encoding: {sent}"))
    assert upstream.last.headers["accept-encoding"] == received


def test_via_grows(backend: StartBackend, mock: StartMock) -> None:
    upstream = backend()
    exchange(mock(upstream).url, get("/x", "Via: 1.0 fred, 1.1 p.example"))
    assert upstream.last.headers["via"].startswith("1.0 fred, 1.1 p.example, 1.1 mockserver-")


@pytest.mark.parametrize("lines", [(), ("Authorization: Bearer client",), ("Origin: http://localhost:3000",)])
def test_credentials_of_the_url_are_sent_as_basic_ones(
    lines: tuple[str, ...], backend: StartBackend, mock: StartMock
) -> None:
    upstream = backend()
    server = mock(upstream.url.replace("://", "://me:s%40fe@"))
    exchange(server.url, get("/x", *lines))
    assert [value for name, value in upstream.last.pairs if name == "authorization"] == ["Basic bWU6c0BmZQ=="]


@pytest.mark.parametrize("line", ["Origin: http://evil.test", "Sec-Fetch-Site: cross-site"])
def test_pages_of_other_sites_are_not_lent_the_credentials(line: str, backend: StartBackend, mock: StartMock) -> None:
    upstream = backend()
    exchange(mock(upstream.url.replace("://", "://me:safe@")).url, get("/x", line))
    assert "authorization" not in upstream.last.headers


@pytest.mark.parametrize(
    ("body", "framing", "expected"),
    [
        (b"", [], {}),
        (b"", ["Content-Length: 0"], {"content-length": "0"}),
        (b"abc", ["Content-Length: 3"], {"content-length": "3"}),
        (
            b"1\r\na\r\n2\r\nbc\r\n0\r\nX-Trailer: 1\r\n\r\n",
            ["Transfer-Encoding: chunked"],
            {"transfer-encoding": "chunked"},
        ),
    ],
)
def test_a_body_is_framed_as_its_client_frames_it(
    body: bytes, framing: list[str], expected: dict[str, str], backend: StartBackend, mock: StartMock
) -> None:
    upstream = backend()
    head = "\r\n".join(["POST /x HTTP/1.1", "Host: h", "Connection: close", *framing, "", ""]).encode()
    assert status_of(exchange(mock(upstream).url, head + body)) == 200
    names = ("content-length", "transfer-encoding")
    assert {name: value for name, value in upstream.last.headers.items() if name in names} == expected
    assert upstream.last.body == (b"abc" if body else b"")


def test_the_response_is_passed_on_as_it_came(backend: StartBackend, mock: StartMock) -> None:
    response = (
        b"HTTP/1.1 299 Fine then\r\nServer: up\r\nX-Twice: 1\r\nX-Twice: 2\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
        b'Content-Encoding: br\r\nETag: W/"1"\r\nContent-Length: 3\r\n\r\n\x00\xffz'
    )
    received = exchange(mock(backend(response)).url, get("/x"))
    assert received == (
        b"HTTP/1.1 299 Fine then\r\nServer: up\r\nX-Twice: 1\r\nX-Twice: 2\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
        b'Content-Encoding: br\r\nETag: W/"1"\r\nX-Mock-Scenario: baseline\r\nX-Mock-Sandbox: default\r\n'
        b"Content-Length: 3\r\nConnection: close\r\n\r\n\x00\xffz"
    )


@pytest.mark.parametrize(
    "line",
    [
        b"Connection: X-Private\r\nX-Private: 1", b"Keep-Alive: timeout=5", b"Proxy-Authenticate: Basic", b"Trailer: X-A",
        b"Strict-Transport-Security: max-age=31536000", b'Alt-Svc: h3=":443"',
        b"Upgrade: h2c", b"Proxy-Connection: close", b"X-Mock-Sandbox: other",
    ],
)  # fmt: skip
def test_headers_for_the_neighbour_or_about_the_host_are_not_returned(
    line: bytes, backend: StartBackend, mock: StartMock
) -> None:
    response = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + line + b"\r\n\r\nok"
    received = exchange(mock(backend(response)).url, get("/x"))
    assert sorted(head_of(received)) == [
        "connection", "content-length", "date", "x-mock-sandbox", "x-mock-scenario",
    ]  # fmt: skip
    assert head_of(received)["x-mock-sandbox"] == "default"


@pytest.mark.parametrize(
    ("response", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", b"abc"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\nX-Trailer: 1\r\n\r\n",
            b"abc",
        ),
        (b"HTTP/1.0 200 OK\r\n\r\nabc", b"abc"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", b""),
    ],
)
@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_bodies_of_every_framing_arrive(
    response: bytes, body: bytes, version: str, backend: StartBackend, mock: StartMock
) -> None:
    def respond(connection: socket.socket, _: Received) -> str:
        connection.sendall(response)
        return "close"

    request = get("/x").replace(b"HTTP/1.1", f"HTTP/{version}".encode())
    received = exchange(mock(backend(respond)).url, request)
    head = head_of(received)
    content = body_of(received)
    if head.get("transfer-encoding") == "chunked":
        assert version == "1.1"
        assert content == b"3\r\nabc\r\n0\r\n\r\n"
    else:
        assert content == body


def test_head_keeps_the_length_and_the_connection(backend: StartBackend, mock: StartMock) -> None:
    upstream = backend(b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n")
    with connect(mock(upstream).url) as connection:
        for _ in range(2):
            connection.sendall(b"HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n")
            assert b"\r\nContent-Length: 1234\r\n" in connection.recv(65536)
    assert upstream.connections == 1
    assert len(upstream.received) == 2


@pytest.mark.parametrize(
    ("upstream_path", "location", "returned"),
    [
        ("", "{origin}/x?y#z", "{mock}/x?y#z"),
        ("", "{origin}", "{mock}/"),
        ("", "{origin}?y=%20", "{mock}/?y=%20"),
        ("", "/x%2Fy", "/x%2Fy"),
        ("", "x/y", "x/y"),
        ("", "?y=1", "?y=1"),
        ("", "//{authority}/x", "{mock}/x"),
        ("", "HTTP://{authority}/x", "{mock}/x"),
        ("", "https://{authority}/x", "https://{authority}/x"),
        ("", "http://other.test/x", "http://other.test/x"),
        ("", "http://[bad", "http://[bad"),
        ("", "mailto:a@b", "mailto:a@b"),
        ("/api", "{origin}/api/x", "{mock}/x"),
        ("/api", "{origin}/api", "{mock}/"),
        ("/api", "/api/x", "/x"),
        ("/api", "/api?y", "/?y"),
        ("/api", "/login", "{origin}/login"),
        ("/api", "/apix", "{origin}/apix"),
        ("/api", "/api//evil.test/x", "{mock}//evil.test/x"),
        ("/api", "{origin}/login", "{origin}/login"),
    ],
)
@pytest.mark.parametrize("name", ["Location", "Content-Location"])
def test_addresses_on_the_upstream_become_addresses_here(
    upstream_path: str, location: str, returned: str, name: str, backend: StartBackend, mock: StartMock
) -> None:
    upstream = backend()
    names = {"origin": upstream.url, "authority": f"127.0.0.1:{upstream.port}", "mock": "http://mock.test"}
    upstream.respond = f"HTTP/1.1 302 Found\r\n{name}: {location.format(**names)}\r\nContent-Length: 0\r\n\r\n".encode()
    received = exchange(mock(upstream.url + upstream_path).url, get("/x"))
    assert head_of(received)[name.lower()] == returned.format(**names)


@pytest.mark.parametrize(
    ("upstream_path", "link", "returned"),
    [
        ("", '<{origin}/x?page=2>; rel="next", </x>; rel=first', '<{mock}/x?page=2>; rel="next", </x>; rel=first'),
        ("", "<{origin}/a,b;c>;rel=up,<{origin}/d>", "<{mock}/a,b;c>;rel=up,<{mock}/d>"),
        ("", '<http://other.test/x>; title="<{origin}/x>"', '<http://other.test/x>; title="<{origin}/x>"'),
        ("", "<x>; rel=a, <>; rel=b, {origin}/x", "<x>; rel=a, <>; rel=b, {origin}/x"),
        ("", "<{origin}/x", "<{origin}/x"),
        ("", '<{origin}/x>; title="a\\"<{origin}/y>', '<{mock}/x>; title="a\\"<{origin}/y>'),
        ("/api", "<{origin}/api/x>; rel=next, </api>; rel=up", "<{mock}/x>; rel=next, </>; rel=up"),
        ("/api", "</login>; rel=login", "<{origin}/login>; rel=login"),
    ],
)
def test_targets_of_links_on_the_upstream_become_addresses_here(
    upstream_path: str, link: str, returned: str, backend: StartBackend, mock: StartMock
) -> None:
    upstream = backend()
    names = {"origin": upstream.url, "mock": "http://mock.test"}
    upstream.respond = f"HTTP/1.1 200 OK\r\nLink: {link.format(**names)}\r\nContent-Length: 0\r\n\r\n".encode()
    received = exchange(mock(upstream.url + upstream_path).url, get("/x"))
    assert head_of(received)["link"] == returned.format(**names)


@pytest.mark.parametrize(
    ("upstream_path", "location", "returned"),
    [
        ("", "/x", "/__mock/in/box/x"),
        ("", "{origin}/x", "http://mock.test/__mock/in/box/x"),
        ("/api", "/api/x", "/__mock/in/box/x"),
    ],
)
def test_addresses_are_below_the_base_address_of_the_request(
    upstream_path: str, location: str, returned: str, backend: StartBackend, mock: StartMock
) -> None:
    upstream = backend()
    place = location.format(origin=upstream.url)
    upstream.respond = f"HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode()
    received = exchange(mock(upstream.url + upstream_path).url, get("/__mock/in/box/y"))
    assert head_of(received)["location"] == returned


@pytest.mark.parametrize(
    ("upstream_path", "target", "cookie", "returned"),
    [
        ("", "/x", "a=1; Path=/; HttpOnly", "a=1; Path=/; HttpOnly"),
        ("", "/x", "a=1; Domain=127.0.0.1; Secure", "a=1; Secure"),
        ("", "/x", "a=1; domain=.127.0.0.1", "a=1"),
        ("", "/x", "a=1; Domain=other.test", "a=1; Domain=other.test"),
        (
            "",
            "/x",
            "a=Domain=127.0.0.1; Expires=Thu, 01 Jan 2037 00:00:00 GMT",
            "a=Domain=127.0.0.1; Expires=Thu, 01 Jan 2037 00:00:00 GMT",
        ),
        ("/api", "/x", "a=1; Path=/api", "a=1; Path=/"),
        ("/api", "/x", "a=1; Path=/api/users;Secure", "a=1; Path=/users;Secure"),
        ("/api", "/x", "a=1; Path=/", "a=1; Path=/"),
        ("/api", "/__mock/in/box/x", "a=1; Path=/api/users", "a=1; Path=/__mock/in/box/users"),
        ("", "/__mock/in/box/x", "a=1; Path=/", "a=1; Path=/__mock/in/box/"),
        ("/api", "/__mock/in/box/x", "__Host-a=1; Secure; Path=/", "__Host-a=1; Secure; Path=/"),
    ],
)
def test_cookies_of_the_upstream_become_cookies_of_this_server(
    upstream_path: str, target: str, cookie: str, returned: str, backend: StartBackend, mock: StartMock
) -> None:
    upstream = backend(f"HTTP/1.1 200 OK\r\nSet-Cookie: {cookie}\r\nContent-Length: 0\r\n\r\n".encode())
    assert head_of(exchange(mock(upstream.url + upstream_path).url, get(target)))["set-cookie"] == returned


def test_cors_is_granted_where_the_upstream_says_nothing(backend: StartBackend, mock: StartMock) -> None:
    received = exchange(mock(backend()).url, get("/x", "Origin: http://localhost:3000"))
    assert {name: value for name, value in head_of(received).items() if name.startswith(("access-", "vary"))} == {
        "access-control-allow-origin": "http://localhost:3000",
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "Date, X-Mock-Sandbox, X-Mock-Scenario",
        "vary": "Origin",
    }


def test_cors_of_the_upstream_is_left_alone(backend: StartBackend, mock: StartMock) -> None:
    upstream = backend(b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 0\r\n\r\n")
    received = exchange(mock(upstream).url, get("/x", "Origin: http://localhost:3000"))
    assert [pair for pair in Received(received).pairs if pair[0].startswith("access-")] == [
        ("access-control-allow-origin", "*")
    ]


def test_connections_are_used_again(backend: StartBackend, mock: StartMock) -> None:
    upstream = backend()
    url = mock(upstream).url
    for _ in range(5):
        assert status_of(exchange(url, get("/x"))) == 200
    assert upstream.connections == 1
    assert len(upstream.received) == 5


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_a_connection_that_the_upstream_has_closed_is_replaced(
    method: str, backend: StartBackend, mock: StartMock
) -> None:
    upstream = backend()
    url = mock(upstream).url
    assert status_of(exchange(url, get("/x"))) == 200
    upstream.close_connections()
    assert status_of(exchange(url, get("/x", method=method, body=b"abc"))) == 200


def test_a_request_is_sent_again_where_the_upstream_closes_a_used_connection(
    backend: StartBackend, mock: StartMock
) -> None:
    def respond(connection: socket.socket, request: Received) -> str | None:
        if upstream.connections == 1 and len(upstream.received) == 2:
            return "close"
        connection.sendall(OK)
        return None

    upstream = backend(respond)
    url = mock(upstream).url
    assert [status_of(exchange(url, get("/x"))) for _ in range(2)] == [200, 200]
    assert upstream.connections == 2
    assert [request.line for request in upstream.received] == ["GET /x HTTP/1.1"] * 3


def test_a_request_that_may_not_be_repeated_is_never_sent_twice(backend: StartBackend, mock: StartMock) -> None:
    def respond(connection: socket.socket, request: Received) -> str | None:
        if request.line.startswith("POST"):
            return "close"
        connection.sendall(OK)
        return None

    upstream = backend(respond)
    url = mock(upstream).url
    assert [status_of(exchange(url, get("/x", method=method))) for method in ("GET", "POST")] == [200, 502]
    assert len(upstream.received) == 2


def test_what_the_upstream_sends_unasked_answers_no_request(backend: StartBackend, mock: StartMock) -> None:
    def respond(connection: socket.socket, request: Received) -> None:
        extra = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil" if len(upstream.received) == 1 else b""
        connection.sendall(OK + extra)

    upstream = backend(respond)
    url = mock(upstream).url
    assert [body_of(exchange(url, get("/x"))) for _ in range(2)] == [b"ok", b"ok"]


def test_pipelined_requests_are_answered_in_order(backend: StartBackend, mock: StartMock) -> None:
    def respond(connection: socket.socket, request: Received) -> None:
        body = f"<{request.target} {request.body.decode()}>".encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    with connect(mock(backend(respond)).url) as connection:
        connection.sendall(
            b"POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
            b"GET /admin/jobs/job-1 HTTP/1.1\r\nHost: h\r\n\r\n"
            b"POST /2 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n" + get("/3")
        )
        received = read_all(connection)
    order = [received.find(text) for text in (b"</1 abc>", b'"job-1"', b"</2 x>", b"</3 >")]
    assert -1 not in order
    assert order == sorted(order)


def test_many_refused_requests_behind_one_that_is_passed_on_are_answered(
    backend: StartBackend, mock: StartMock
) -> None:
    refused = b"GET /x HTTP/1.1\r\nHost: h\r\nX-Mock-Scenario: nothing\r\n\r\n"
    count = 2_000
    with connect(mock(backend()).url) as connection:
        connection.sendall(b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\n" + count * refused + get("/2"))
        received = read_all(connection)
    assert [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]] == [200, *count * [400], 200]


@pytest.mark.parametrize(
    ("request_lines", "status"),
    [
        (b"GET /__mock/health HTTP/1.1", 200),
        (b"GET /__mock/nothing HTTP/1.1", 404),
        (b"GET /openapi.json HTTP/1.1", 200),
        (b"POST /openapi.json HTTP/1.1", 405),
        (b"GET /admin/jobs HTTP/1.1", 200),
        (b"OPTIONS /x HTTP/1.1\r\nOrigin: http://a.test\r\nAccess-Control-Request-Method: PUT", 204),
        (b"OPTIONS * HTTP/1.1", 204),
        (b"OPTIONS /x HTTP/1.1\r\nMax-Forwards: 0", 404),
        (b"TRACE /x HTTP/1.1", 404),
        (b"GET /%5f%5fmock/nothing HTTP/1.1", 404),
        (b"GET /__mock/in/box/__mock/nothing HTTP/1.1", 404),
        (b"GET /x HTTP/1.1\r\nX-Mock-Scenario: nosuch", 400),
        (b"GET /x HTTP/1.1\r\nX-Mock-Sandbox: a/b", 400),
        (b"GET /x HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket", 501),
    ],
)
def test_what_is_ours_is_not_passed_on(
    request_lines: bytes, status: int, backend: StartBackend, mock: StartMock
) -> None:
    upstream = backend()
    request = (
        request_lines + b"\r\nHost: 127.0.0.1\r\n" + (b"" if b"Upgrade" in request_lines else b"Connection: close\r\n")
    )
    with connect(mock(upstream).url) as connection:
        connection.sendall(request + b"\r\n")
        assert status_of(connection.recv(65536)) == status
    assert upstream.received == []


@pytest.mark.parametrize(
    "line",
    [
        "GET /x", "POST /admin/jobs", "OPTIONS /x", "OPTIONS /admin/jobs", "PROPFIND /x", "GET /admin/jobs/job-1/nosuch",
        "GET /__mocks", "DELETE /admin/jobs/job-1",
    ],
)  # fmt: skip
def test_what_matches_no_operation_is_passed_on(line: str, backend: StartBackend, mock: StartMock) -> None:
    upstream = backend()
    method, target = line.split()
    assert status_of(exchange(mock(upstream).url, get(target, method=method))) == 200
    assert upstream.last.line == f"{line} HTTP/1.1"


@pytest.mark.parametrize(("target", "status", "lines"), [("/x", 202, []), ("/y", 200, ["NOTE /y HTTP/1.1"])])
def test_a_method_that_the_contract_alone_knows_is_passed_on_where_it_is_no_operation(
    target: str, status: int, lines: list[str], backend: StartBackend, mock: StartMock, tmp_path: Path
) -> None:
    operations = {"additionalOperations": {"NOTE": {"responses": {"202": {"description": "noted"}}}}}
    path = tmp_path / "openapi.json"
    info = {"title": "a", "version": "1"}
    path.write_text(json.dumps({"openapi": "3.2.0", "info": info, "paths": {"/x": operations}}))
    upstream = backend()
    assert status_of(exchange(mock(upstream, path).url, get(target, method="NOTE"))) == status
    assert [request.line for request in upstream.received] == lines


@pytest.mark.parametrize(
    ("passes", "line", "is_passed"),
    [
        (["getJob"], "GET /admin/jobs/x", True),
        (["getJob"], "HEAD /admin/jobs/x", True),
        (["getJob"], "GET /admin/jobs", False),
        (["GET /tutor/**"], "GET /tutor/courses", True),
        (["GET /tutor/*"], "GET /tutor/courses/course-1/sessions", False),
        (["* /admin/**", "listCourses"], "POST /admin/jobs/job-1/retry", True),
    ],
)
def test_operations_are_passed_on_by_name_or_pattern(
    passes: list[str], line: str, is_passed: bool, backend: StartBackend, mock: StartMock
) -> None:
    upstream = backend()
    method, target = line.split()
    exchange(mock(upstream, passes=passes).url, get(target, method=method))
    assert [request.line for request in upstream.received] == ([f"{line} HTTP/1.1"] if is_passed else [])


@pytest.mark.parametrize("sent", ["gzip, chunked", "gzip"])
def test_a_transfer_coding_that_nobody_asked_for_is_502(sent: str, backend: StartBackend, mock: StartMock) -> None:
    upstream = backend(f"HTTP/1.1 200 OK\r\nTransfer-Encoding: {sent}\r\n\r\n0\r\n\r\n".encode())
    assert status_of(exchange(mock(upstream).url, get("/x"))) == 502


def test_a_proxy_in_front_says_how_the_client_sent_the_request(backend: StartBackend, mock: StartMock) -> None:
    upstream = backend(b"HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n")
    lines = [
        "X-Forwarded-Host: app.test",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Prefix: /mock",
        "X-Forwarded-For: 192.0.2.1",
    ]
    received = exchange(mock(upstream, forwarded=True).url, get("/x", *lines))
    names = ("x-forwarded-host", "x-forwarded-proto", "x-forwarded-for")
    forwarded = {name: upstream.last.headers[name] for name in names}
    assert upstream.last.target == "/x"
    assert head_of(received)["location"] == "/mock/y"
    assert forwarded == {
        "x-forwarded-host": "app.test",
        "x-forwarded-proto": "https",
        "x-forwarded-for": "192.0.2.1, 127.0.0.1",
    }


def test_a_page_navigation_is_redirected_to_the_clean_address_first(backend: StartBackend, mock: StartMock) -> None:
    upstream = backend()
    received = exchange(mock(upstream).url, get("/x?__sandbox=box&y=1", "Accept: text/html"))
    assert status_of(received) == 303
    assert head_of(received)["location"] == "/x?y=1"
    assert upstream.received == []


def test_a_hundred_continue_is_sent_for_a_request_that_waited(backend: StartBackend, mock: StartMock) -> None:
    upstream = backend()
    with connect(mock(upstream).url) as connection:
        connection.sendall(
            b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"
            b"POST /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
        )
        received = b""
        while b"100 Continue" not in received:
            received += connection.recv(65536)
        connection.sendall(b"abc")
        received += read_all(connection)
    assert received.count(b"HTTP/1.1 200 OK") == 2
    assert upstream.last.body == b"abc"
