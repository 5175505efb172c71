from __future__ import annotations

import pytest

from mockserver.server.rejections import RequestRejected
from mockserver.server.request_host import with_effective_host

AGENT = (b"user-agent", b"test")


@pytest.mark.parametrize(
    "host",
    [b"", b"a", b"a:80", b"a:", b"127.0.0.1:8080", b"[::1]", b"[::1]:80", b"[v1.a:b]", b"my_service-1.a", b"a%C3%A9"],
)
def test_a_valid_host_is_left_as_it_is(host: bytes) -> None:
    headers = [(b"host", host), AGENT]
    assert with_effective_host(b"/x?u=http://b/", headers, "1.1") == headers


@pytest.mark.parametrize(
    "host",
    [b"a b", b"a/b", b"a@b", b"a:b", b"a:1:2", b"[::1", b"::1", b"[::1]a", b"[1::2::3]", b"[]", b"http://a", b"a%zz",
     b"a?b", b"a#b", b'"a', b"\xc3\xa9", b"a\\b", b"<a>"],
)  # fmt: skip
def test_an_invalid_host_is_rejected(host: bytes) -> None:
    with pytest.raises(RequestRejected) as rejected:
        with_effective_host(b"/x", [(b"host", host)], "1.0")
    assert rejected.value.code == "bad-host"


@pytest.mark.parametrize("target", [b"http://b:81/x", b"http://b:81", b"HTTPS://b:81?u=http://c/"])
def test_the_authority_of_an_absolute_target_replaces_the_host(target: bytes) -> None:
    """RFC 9112, section 3.2.2."""
    assert with_effective_host(target, [AGENT, (b"host", b"a")], "1.1") == [(b"host", b"b:81"), AGENT]


def test_the_authority_of_an_absolute_target_is_the_host_of_a_request_without_one() -> None:
    assert with_effective_host(b"http://a/", [], "1.0") == [(b"host", b"a")]
