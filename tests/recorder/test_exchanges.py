from __future__ import annotations

import gzip
import zlib

import pytest

from mockserver.recorder.exchanges import BODY_LIMIT, Content, read_content


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


BODY = b'{"a": 1}'


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(BODY, mtime=0)),
        ("X-Gzip", gzip.compress(BODY, mtime=0)),
        ("gzip", gzip.compress(BODY[:4], mtime=0) + gzip.compress(BODY[4:], mtime=0)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", zlib.compress(BODY, wbits=-zlib.MAX_WBITS)),
        ("deflate, gzip", gzip.compress(zlib.compress(BODY), mtime=0)),
        ("identity", BODY),
        # As in a HAR file, where browsers have decoded it.
        ("gzip", BODY),
        ("br", BODY),
    ],
)
def test_a_body_is_read_without_its_content_codings(coding: str, body: bytes) -> None:
    headers = [("Content-Type", "application/json"), ("Content-Encoding", coding)]
    assert read_content(headers, body) == Content("json", {"a": 1}, "application/json")


def test_a_compressed_body_that_is_cut_short_or_too_long_is_binary() -> None:
    headers = [("Content-Type", "application/json"), ("Content-Encoding", "gzip")]
    for body in (gzip.compress(BODY, mtime=0)[:-8], gzip.compress(b'"%s"' % (b"a" * BODY_LIMIT))):
        assert read_content(headers, body).kind == "binary"
