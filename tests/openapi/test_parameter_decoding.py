from __future__ import annotations

from urllib.parse import unquote_plus

from hypothesis import given
from hypothesis import strategies as st

from mockserver.openapi.parameter_decoding import decode_form


@given(st.text("%+0123456789abcdefABCDEF é€"), st.binary())
def test_forms_are_decoded_as_the_standard_library_does(text: str, data: bytes) -> None:
    escaped = "".join(f"%{byte:02x}" for byte in data)
    for sent in (text, escaped, text + escaped + text):
        assert decode_form(sent) == unquote_plus(sent)
