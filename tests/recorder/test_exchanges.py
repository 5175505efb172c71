from __future__ import annotations

import pytest

from mockserver.recorder.exchanges import Content, read_content


@pytest.mark.parametrize("charset", ["iso-8859-1", "Latin1", "windows-1252", "ISO-8859-15"])
@pytest.mark.parametrize("coding", ["utf-8", "iso-8859-1"])
@pytest.mark.parametrize(
    ("media_type", "body", "kind", "value"),
    [("text/plain", "grün", "text", "grün"), ("application/json", '{"a": "grün"}', "json", {"a": "grün"})],
)
def test_a_body_is_read_by_its_charset_and_where_a_browser_has_decoded_it(
    media_type: str, body: str, kind: str, value: object, charset: str, coding: str
) -> None:
    media_type = f'{media_type}; charset="{charset}"'
    assert read_content([("Content-Type", media_type)], body.encode(coding)) == Content(kind, value, media_type)


@pytest.mark.parametrize("media_type", ["text/plain", "text/plain; charset=punycode", "text/plain; charset=us-ascii"])
def test_text_that_its_charset_does_not_have_is_binary(media_type: str) -> None:
    assert read_content([("Content-Type", media_type)], b"gr\xfcn").kind == "binary"
