"""What names the upstream, and what is passed on to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mockserver import Contract, create_app, load_contract
from mockserver.contract.resources.upstream_reader import read_upstream
from mockserver.contract.server_settings import with_upstream
from mockserver.contract.upstream import BadUpstream, PathPattern, UpstreamAddress
from mockserver.errors import ContractError
from tests.conftest import MakeContract


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://localhost:8000", UpstreamAddress("http", "localhost", 8000)),
        ("http://localhost", UpstreamAddress("http", "localhost", 80)),
        ("https://api.example.com/", UpstreamAddress("https", "api.example.com", 443)),
        ("HTTPS://API.Example.com/v2/", UpstreamAddress("https", "api.example.com", 443, "/v2")),
        ("http://[::1]:8000/a%2Fb", UpstreamAddress("http", "::1", 8000, "/a%2Fb")),
        ("http://bücher.example", UpstreamAddress("http", "xn--bcher-kva.example", 80)),
        ("http://h/ä", UpstreamAddress("http", "h", 80, "/%C3%A4")),
        ("http://me:s%40fe@h", UpstreamAddress("http", "h", 80, "", "Basic bWU6c0BmZQ==")),
        ("http://me@h", UpstreamAddress("http", "h", 80, "", "Basic bWU6")),
    ],
)
def test_a_url_names_an_origin_a_path_and_credentials(url: str, address: UpstreamAddress) -> None:
    assert UpstreamAddress.parse(url) == address


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("localhost:8000", '"localhost:8000" needs the scheme http:// or https://, for example http://localhost:8000'),
        ("api.example.com", '"api.example.com" needs the scheme http:// or https://, for example http://api.example.com'),
        ("ftp://h/x", '"ftp://h/x" needs the scheme http:// or https://, for example http://h/x'),
        ("http:h", '"http:h" needs the scheme http:// or https://, for example http://http:h'),
        ("", '"" needs the scheme http:// or https://, for example http://'),
        ("http://", '"http://" names no host, as http://localhost:8000 does.'),
        ("http://h:99999", '"http://h:99999" is not a URL: Port out of range 0-65535.'),
        ("http://h:0", '"http://h:0" has the port 0, to which nothing can be sent.'),
        ("http://h?a=1", '"http://h?a=1" may have a path, but no query and no fragment: requests bring their own.'),
        ("http://h/#x", '"http://h/#x" may have a path, but no query and no fragment: requests bring their own.'),
        ("http://h /x", '"http://h /x" is not a URL: it contains white space, a backslash or a control character.'),
        ("http://a\\b", '"http://a\\\\b" is not a URL: it contains white space, a backslash or a control character.'),
        ("http://me:secret@", '"http://" names no host, as http://localhost:8000 does.'),
    ],
)  # fmt: skip
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str, message: str) -> None:
    with pytest.raises(BadUpstream) as raised:
        UpstreamAddress.parse(url)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("pattern", "method", "path", "matches"),
    [
        ("GET /tutor/*", "GET", "/tutor/courses", True),
        ("GET /tutor/*", "HEAD", "/tutor/courses", True),
        ("get /tutor/*", "GET", "/tutor/courses", True),
        ("GET /tutor/*", "POST", "/tutor/courses", False),
        ("GET /tutor/*", "GET", "/tutor/courses/1", False),
        ("GET /tutor/**", "GET", "/tutor/courses/1", True),
        ("* /tutor/**", "PATCH", "/tutor/courses/1", True),
        ("GET /jobs/{job_id}", "GET", "/jobs/7", True),
        ("GET /jobs/{job_id}", "GET", "/jobs/7/events", False),
        ("GET /a.b", "GET", "/aXb", False),
    ],
)
def test_a_pattern_is_a_method_and_a_glob_over_the_path(pattern: str, method: str, path: str, matches: bool) -> None:
    parsed = PathPattern.parse(pattern)
    assert parsed is not None
    assert parsed.matches(method, [path]) is matches


def test_an_unknown_operation_is_refused_with_the_nearest(built_in: Contract) -> None:
    with pytest.raises(BadUpstream) as raised:
        read_upstream("http://h", built_in.operations, ["getJbo"])
    assert str(raised.value) == (
        'There is no operation "getJbo" to pass on. Did you mean "getJob"? A pattern is written as GET /jobs/*'
    )


def test_passing_needs_an_upstream(built_in: Contract) -> None:
    with pytest.raises(BadUpstream) as raised:
        create_app(built_in, passes=["getJob"])
    assert str(raised.value) == "There is no upstream to pass anything on to: name it with --upstream."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "ca.pem cannot be read: No such file or directory."),
        ("no certificate", "ca.pem holds no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----"),
    ],
)
def test_certificates_to_trust_are_read_at_the_start(
    content: str | None, message: str, built_in: Contract, tmp_path: Path
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(BadUpstream) as raised:
        create_app(built_in, upstream="https://h", upstream_ca=file)
    assert str(raised.value) == f"{tmp_path}/{message}"


def test_resources_yaml_declares_an_upstream(make_contract: MakeContract) -> None:
    declared = {"url": "http://localhost:8000/v1", "pass": ["GET /jobs/*", "listJobs"]}
    upstream = load_contract(make_contract(lambda files: declare(files, declared))).upstream
    assert upstream is not None
    assert upstream.address.url == "http://localhost:8000/v1"
    assert upstream.operations == frozenset(("listJobs",))
    assert [pattern.text for pattern in upstream.patterns] == ["GET /jobs/*"]


def test_options_add_to_the_upstream_of_resources_yaml(make_contract: MakeContract) -> None:
    root = make_contract(lambda files: declare(files, {"url": "http://localhost:8000", "pass": ["listJobs"]}))
    upstream = create_app(root, passes=["getJob"]).extensions["mockserver"].contract.upstream
    assert upstream.address.url == "http://localhost:8000"
    assert upstream.operations == {"listJobs", "getJob"}


def test_an_upstream_that_cannot_be_used_is_a_mistake_in_its_file(make_contract: MakeContract) -> None:
    root = make_contract(lambda files: declare(files, "localhost:8000"))
    with pytest.raises(ContractError) as raised:
        load_contract(root)
    assert [(problem.file, problem.pointer, problem.message) for problem in raised.value.problems] == [
        (
            "schemas/resources.yaml",
            "/upstream",
            '"localhost:8000" needs the scheme http:// or https://, for example http://localhost:8000',
        )
    ]


def declare(files: dict[str, Any], upstream: Any) -> None:
    files["schemas/resources.yaml"]["upstream"] = upstream


def test_a_timeout_of_the_server_replaces_that_of_a_declared_upstream(built_in: Contract) -> None:
    declared = with_upstream(built_in, "http://localhost:8000", timeout=30.0)
    later = with_upstream(declared, None, timeout=5.0).upstream
    kept = with_upstream(declared, None).upstream
    assert later is not None
    assert kept is not None
    assert [later.timeout, kept.timeout] == [5.0, 30.0]
