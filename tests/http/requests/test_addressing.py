from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.http.messages import Address
from mockserver.http.request.addressing import decode_parameter, decode_path, decode_wsgi_path, resolve


@given(st.text(alphabet="a/%2F5é ", min_size=1, max_size=8))
def test_an_encoded_segment_reaches_the_operation_as_it_was_sent(name: str) -> None:
    path = decode_path(f"/jobs/{quote(name, safe='')}")
    assert path.count("/") == 2
    assert decode_parameter(path.removeprefix("/jobs/")) == name


@given(st.text(alphabet="a/%2F5é ", min_size=1, max_size=8))
def test_a_wsgi_server_that_passes_the_target_on_gives_the_same_path(name: str) -> None:
    target = f"/jobs/{quote(name, safe='')}"
    assert decode_wsgi_path(f"/jobs/{name}".encode().decode("latin-1"), target, "") == decode_path(target)


def test_without_the_target_the_decoded_path_is_all_there_is() -> None:
    assert decode_parameter(decode_wsgi_path("/jobs/50%", "", "")) == "/jobs/50%"


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/jobs", Address("", "/jobs")),
        ("/__mock/in/a/jobs", Address("/__mock/in/a", "/jobs", "a")),
        ("/__mock/in/a@b/jobs/1", Address("/__mock/in/a@b", "/jobs/1", "a", "b")),
        ("/__mock/in/a", Address("/__mock/in/a", "/", "a")),
        ("/__mock/in/a@/x", Address("/__mock/in/a@", "/x", "a", "")),
        ("/__mock/in//x", Address("/__mock/in/", "/x", "")),
    ],
)
def test_a_base_address_is_a_root_path(path: str, address: Address) -> None:
    assert resolve(path) == address
