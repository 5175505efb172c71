"""XML 1.0 with namespaces: documents read into trees of elements, without DTDs and entities, and text written."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from xml.parsers import expat

from mockserver.errors import quote
from mockserver.syntax.http.charsets import codec_name
from mockserver.syntax.malformed_text import MalformedText
from mockserver.syntax.strict_json import DEPTH_LIMIT

# Elements and attributes of one document: reading so many takes up to half a second, during which nothing else happens.
ELEMENT_LIMIT = 50_000
XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace"
# `xsi:nil` marks an element that stands for no value (XML Schema 1.1, part 1, section 2.7.2).
XSI = "http://www.w3.org/2001/XMLSchema-instance"
# It cannot be part of a name or a URI, so it separates them.
_SEPARATOR = "\f"
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
# How a document without a byte order mark begins in UTF-16.
_WIDE = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_DECLARATION = re.compile(rb"""<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]{0,40})["']""")
# XML 1.0, section 2.2.
_NO_CHARACTER = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
_NAME_START = (
    "A-Z_a-z\xc0-\xd6\xd8-\xf6\xf8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_NAME = f"[{_NAME_START}][-.0-9\xb7\u0300-\u036f\u203f\u2040{_NAME_START}]*"
_NO_NAME_START = f"^[^{_NAME_START}]"
_NO_NAME_CHARACTER = f"[^-.0-9\xb7\u0300-\u036f\u203f\u2040{_NAME_START}]"
_ENCODED = re.compile("_x([0-9A-Fa-f]{4,6})_")
_TEXT_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_ATTRIBUTE_ESCAPES = {**_TEXT_ESCAPES, '"': "&quot;", "\t": "&#9;", "\n": "&#10;"}


# A namespace, empty for none, and a local name.
QualifiedName = tuple[str, str]
_NO_ATTRIBUTES: Mapping[QualifiedName, str] = {}


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern, compiled when it is first used, since ranges of that many characters take milliseconds."""
    return re.compile(pattern)


class MalformedXML(MalformedText):
    """Text that is not XML, or that has a DTD."""


class TooManyElements(MalformedXML):
    """A document has more elements and attributes than ELEMENT_LIMIT, which is not what is wrong with it."""


class UnknownEncoding(ValueError):
    """The encoding that a document, or its Content-Type, names is not read."""

    def __init__(self, encoding: str) -> None:
        self.encoding = encoding
        super().__init__(f"the encoding {quote(encoding)} is not supported")


class Element:
    """An element: its local name, its namespace (empty for none), and what is in it.

    `attributes` are by namespace and local name; `texts` are the pieces of text directly in it. Those that are empty
    are shared, since a document may have millions of elements.
    """

    __slots__ = ("attributes", "children", "name", "namespace", "texts")

    def __init__(self, name: QualifiedName, attributes: Mapping[QualifiedName, str]) -> None:
        self.namespace, self.name = name
        self.attributes = attributes
        self.children: Sequence[Element] = ()
        self.texts: Sequence[str] = ()

    @property
    def text(self) -> str:
        """The text directly in the element, without that of its children."""
        return "".join(self.texts)

    @property
    def is_nil(self) -> bool:
        """Whether `xsi:nil` says that there is no value."""
        return bool(self.attributes) and self.attributes.get((XSI, "nil"), "").strip() in ("true", "1")


def decode(data: bytes, charset: str | None = None) -> str:
    """The text of a document: by its byte order mark, else `charset`, else its XML declaration (RFC 7303, section 3).

    Raises MalformedXML and UnknownEncoding.
    """
    codec = next((codec for bom, codec in _BOMS if data.startswith(bom)), None)
    if codec is None and charset is not None:
        codec = codec_name(charset)
        if codec is None:
            raise UnknownEncoding(charset)
    if codec in (None, "utf-16"):
        codec = next((wide for begin, wide in _WIDE if data.startswith(begin)), codec)
    if codec is None and (declared := _DECLARATION.match(data)):
        name = declared[1].decode("ascii")
        codec = codec_name(name)
        if codec is None:
            raise UnknownEncoding(name)
    codec = codec or "utf-8"
    try:
        return data.decode(codec)
    except UnicodeError as error:
        raise MalformedXML(f"it is not valid {quote(codec.removesuffix('-sig'))}: {error}") from None


def parse(text: str) -> Element:
    """The root element of a document.

    A DTD is refused, and with it every entity but those of XML itself. Comments and processing instructions are
    ignored. Raises MalformedXML, also for elements that are nested deeper than DEPTH_LIMIT, and TooManyElements.
    """
    return _Parser().parse(text)


class _Parser:
    def __init__(self) -> None:
        self._parser = parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._add_text
        # Each with what is in it so far.
        self._open: list[tuple[Element, list[Element], list[str]]] = []
        self._root: Element | None = None
        self._names: dict[str, QualifiedName] = {}
        self._count = 0

    def parse(self, text: str) -> Element:
        try:
            self._parser.Parse(text, True)
        except expat.ExpatError as error:
            message = expat.errors.messages[error.code]
            raise MalformedXML(message, error.lineno, error.offset + 1) from None
        except UnicodeEncodeError:
            raise MalformedXML("it contains a lone surrogate, which is not a valid character") from None
        assert self._root is not None
        return self._root

    def _refuse_doctype(self, *_: object) -> None:
        raise self._error("it has a DOCTYPE, and documents with a DTD or entities are not read: leave it out")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= DEPTH_LIMIT:
            raise self._error(f"nested deeper than {DEPTH_LIMIT} levels")
        self._count += 1 + len(attributes)
        if self._count > ELEMENT_LIMIT:
            raise TooManyElements(f"it has more than {ELEMENT_LIMIT} elements and attributes")
        by_name = {self._split(key): value for key, value in attributes.items()} if attributes else _NO_ATTRIBUTES
        element = Element(self._split(name), by_name)
        if self._open:
            self._open[-1][1].append(element)
        else:
            self._root = element
        self._open.append((element, [], []))

    def _end(self, _: str) -> None:
        element, children, texts = self._open.pop()
        if children:
            element.children = children
        if texts:
            element.texts = texts

    def _add_text(self, text: str) -> None:
        self._open[-1][2].append(text)

    def _split(self, name: str) -> QualifiedName:
        split = self._names.get(name)
        if split is None:
            namespace, _, local = name.rpartition(_SEPARATOR)
            split = self._names[name] = namespace, local
        return split

    def _error(self, message: str) -> MalformedXML:
        return MalformedXML(message, self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1)


def escape(text: str) -> str:
    """Text as it is written between tags; what XML cannot hold, such as control characters, is U+FFFD."""
    return _escape(text, _TEXT_ESCAPES)


def escape_attribute(text: str) -> str:
    """Text as it is written in the double quotes of an attribute."""
    return _escape(text, _ATTRIBUTE_ESCAPES)


def cdata(text: str) -> str:
    """Text as it is written in a CDATA section, or in several if it has the end of one in it."""
    return f"<![CDATA[{_compiled(_NO_CHARACTER).sub(chr(0xFFFD), text).replace(']]>', ']]]]><![CDATA[>')}]]>"


def _escape(text: str, escapes: Mapping[str, str]) -> str:
    text = _compiled(_NO_CHARACTER).sub("\ufffd", text)
    for character, reference in escapes.items():
        text = text.replace(character, reference)
    return text


def encode_name(name: str) -> str:
    """Any text as the name of an element: what a name cannot have is `_xHHHH_` (ISO/IEC 9075-14, section 9.1)."""
    if _compiled(_NAME).fullmatch(name):
        return name
    name = _compiled(_NO_NAME_CHARACTER).sub(_encode_character, name)
    return _compiled(_NO_NAME_START).sub(_encode_character, name) or "_"


def decode_name(name: str) -> str:
    """The text that a name stands for."""
    return _ENCODED.sub(_decode_character, name) if "_x" in name else name


def _encode_character(match: re.Match[str]) -> str:
    return f"_x{ord(match[0]):04X}_"


def _decode_character(match: re.Match[str]) -> str:
    number = int(match[1], 16)
    # Half of a surrogate pair is no character.
    return chr(number) if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF else match[0]
