"""Which of the declared media types of a body or a response holds the value itself."""

from __future__ import annotations

import pytest

from mockserver.openapi.content import json_media_type
from mockserver.openapi.model import DeclaredResponse, MediaType


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["application/problem+json", "application/hal+json"], "application/hal+json"),
        (["application/json-patch+json", "application/merge-patch+json"], "application/merge-patch+json"),
        (["application/json-patch+json"], "application/json-patch+json"),
        (["*/*", "application/json"], "application/json"),
        (["text/plain", "*/*"], "*/*"),
        (["text/plain"], None),
    ],
)
def test_a_patch_and_a_problem_count_only_without_anything_else(names: list[str], chosen: str | None) -> None:
    media = {name: MediaType(name, None, None, {}) for name in names}
    chosen_media = json_media_type(DeclaredResponse("200", media, ()))
    assert (chosen_media.name if chosen_media is not None else None) == chosen
