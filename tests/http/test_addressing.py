from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.http.addressing import SANDBOX, SCENARIO, Addressing, parameter


def seen(path: str, raw: str | None) -> dict[str, Any]:
    """The environ that the application gets."""
    caught: dict[str, Any] = {}

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        caught.update(environ)
        return []

    environ: dict[str, Any] = {"PATH_INFO": path, "SCRIPT_NAME": ""}
    if raw is not None:
        environ["RAW_URI"] = raw
    Addressing(app)(environ, lambda *_: None)  # type: ignore[arg-type]
    return caught


@given(st.text(alphabet="a/%2F5é ", min_size=1, max_size=8))
def test_an_encoded_segment_reaches_the_operation_as_it_was_meant(name: str) -> None:
    raw = f"/jobs/{quote(name, safe='')}"
    path = seen(unquote_to_bytes(raw).decode("latin-1"), raw)["PATH_INFO"]
    assert path.count("/") == 2
    assert parameter(path.removeprefix("/jobs/").encode("latin-1").decode()) == name


def test_without_the_target_as_sent_the_decoded_path_is_all_there_is() -> None:
    assert parameter(seen("/jobs/50%", None)["PATH_INFO"]) == "/jobs/50%"


@pytest.mark.parametrize(
    ("path", "sandbox", "scenario", "rest"),
    [
        ("/__mock/in/a/jobs", "a", None, "/jobs"),
        ("/__mock/in/a@b/jobs/1", "a", "b", "/jobs/1"),
        ("/__mock/in/a", "a", None, "/"),
        ("/__mock/in/a@/x", "a", "", "/x"),
        ("/__mock/in//x", "", None, "/x"),
    ],
)
def test_a_base_address_is_a_mount_point(path: str, sandbox: str, scenario: str | None, rest: str) -> None:
    environ = seen(path, path)
    assert (environ[SANDBOX], environ.get(SCENARIO), environ["PATH_INFO"]) == (sandbox, scenario, rest)
    assert environ["SCRIPT_NAME"] + (environ["PATH_INFO"] if path.count("/") > 3 else "") == path
