"""How JSON values are written as XML by their schemas, and read again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mockserver import load_contract
from mockserver.openapi.xml.layout import XmlLayout
from mockserver.openapi.xml.reading import read
from mockserver.openapi.xml.writing import write

LayoutOf = Callable[..., XmlLayout]
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
TEXT, NUMBER = {"type": "string"}, {"type": "integer"}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def named(schema: dict[str, Any], **xml: Any) -> dict[str, Any]:
    return {**schema, "xml": xml}


def record(**members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": members}


def many(items: dict[str, Any], **xml: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **({"xml": xml} if xml else {})}


COMPONENTS: dict[str, Any] = {
    "Tag": named(record(name=TEXT), name="tag"),
    "Plain": record(name=TEXT),
    "Cat": named(record(kind={"const": "cat"}, lives=NUMBER) | {"required": ["kind"]}, name="cat"),
    "Dog": named(record(kind={"const": "dog"}, tricks=many(TEXT)) | {"required": ["kind"]}, name="dog"),
    "Animal": {"oneOf": [ref("Cat"), ref("Dog")]},
    "Base": named(record(id=named(NUMBER, attribute=True)), name="base"),
    "Node": record(children=many(ref("Node"), name="children", wrapped=True), value=NUMBER),
    "Puppy": {"allOf": [ref("Base"), record(age=NUMBER)]},
}


@pytest.fixture
def layout_of(tmp_path: Path) -> LayoutOf:
    """The layout of XML that a schema describes, in a document of that version of OpenAPI."""

    def make(schema: dict[str, Any], version: str = "3.1.0") -> XmlLayout:
        content = {"application/xml": {"schema": schema}}
        operation = {"operationId": "a", "responses": {"200": {"description": "x", "content": content}}}
        path = tmp_path / "api.json"
        path.write_text(json.dumps({
            "openapi": version, "info": {"title": "x", "version": "1"}, "paths": {"/a": {"get": operation}},
            "components": {"schemas": COMPONENTS},
        }))  # fmt: skip
        layout = load_contract(path).operations["a"].responses["200"].media["application/xml"].xml
        assert layout is not None
        return layout

    return make


BOTH_WAYS: list[tuple[str, dict[str, Any], Any, str]] = [
    ("the root is named by xml", named(record(a=TEXT), name="thing"), {"a": "x"}, "<thing><a>x</a></thing>"),
    ("the root is named by its component", ref("Plain"), {"name": "x"}, "<Plain><name>x</name></Plain>"),
    ("xml comes before the component", ref("Tag"), {"name": "x"}, "<tag><name>x</name></tag>"),
    ("one allOf is a reference", {"allOf": [ref("Tag")]}, {"name": "x"}, "<tag><name>x</name></tag>"),
    ("what is extended has its own name", ref("Puppy"), {"id": 1, "age": 2}, '<Puppy id="1"><age>2</age></Puppy>'),
    ("a root without a name", record(a=TEXT), {"a": "x"}, "<root><a>x</a></root>"),
    ("a root that is an array", many(ref("Tag")), [{"name": "x"}], "<root><tag><name>x</name></tag></root>"),
    ("a root array of components", many(ref("Plain")), [{"name": "x"}], "<root><Plain><name>x</name></Plain></root>"),
    ("a root array of texts", many(TEXT), ["x", "y"], "<root><item>x</item><item>y</item></root>"),
    ("a root array with a name", many(ref("Tag"), name="tags"), [{}], "<tags><tag/></tags>"),
    ("a root that is a number", NUMBER, 5, "<root>5</root>"),
    ("a member has another name", record(a=named(TEXT, name="b")), {"a": "x"}, "<root><b>x</b></root>"),
    ("a member is named by its component's xml", record(a=ref("Tag")), {"a": {"name": "x"}}, "<root><tag><name>x</name></tag></root>"),
    ("a member is not named by its component", record(a=ref("Plain")), {"a": {"name": "x"}}, "<root><a><name>x</name></a></root>"),
    ("an attribute", record(a=named(NUMBER, attribute=True), b=TEXT), {"a": 1, "b": "x"}, '<root a="1"><b>x</b></root>'),
    ("an attribute with a name", record(a=named(TEXT, attribute=True, name="b")), {"a": "x"}, '<root b="x"/>'),
    ("an attribute of several values", record(a=named(many(NUMBER), attribute=True)), {"a": [1, 2]}, '<root a="1 2"/>'),
    ("an unwrapped array", record(a=many(TEXT)), {"a": ["x", "y"]}, "<root><a>x</a><a>y</a></root>"),
    ("one item of an unwrapped array", record(a=many(NUMBER)), {"a": [1]}, "<root><a>1</a></root>"),
    ("an unwrapped array with named items", record(a=many(named(TEXT, name="b"))), {"a": ["x"]}, "<root><b>x</b></root>"),
    ("the name of an unwrapped array is ignored", record(a=many(TEXT, name="b")), {"a": ["x"]}, "<root><a>x</a></root>"),
    ("a wrapped array", record(a=many(TEXT, wrapped=True)), {"a": ["x", "y"]}, "<root><a><a>x</a><a>y</a></a></root>"),
    ("a wrapped array with a name", record(a=many(TEXT, wrapped=True, name="b")), {"a": ["x"]}, "<root><b><b>x</b></b></root>"),
    ("a wrapped array with named items", record(a=many(named(TEXT, name="b"), wrapped=True)), {"a": ["x"]}, "<root><a><b>x</b></a></root>"),
    ("both have a name", record(a=many(named(TEXT, name="b"), wrapped=True, name="c")), {"a": ["x"]}, "<root><c><b>x</b></c></root>"),
    ("an empty wrapped array", record(a=many(TEXT, wrapped=True)), {"a": []}, "<root><a/></root>"),
    ("an array that is required and empty", record(a=many(TEXT)) | {"required": ["a"]}, {"a": []}, "<root/>"),
    ("an array of arrays", record(a=many(many(NUMBER))), {"a": [[1, 2], [3]]}, "<root><a><a>1</a><a>2</a></a><a><a>3</a></a></root>"),
    ("an array by position", record(a={"type": "array", "prefixItems": [NUMBER, TEXT]}), {"a": [1, "2"]}, "<root><a>1</a><a>2</a></root>"),
    ("a namespace with a prefix", record(a=named(TEXT, namespace="urn:n", prefix="p")), {"a": "x"}, '<root><p:a xmlns:p="urn:n">x</p:a></root>'),
    ("a namespace without a prefix", named(record(a=TEXT), name="r", namespace="urn:n"), {"a": "x"}, '<r xmlns="urn:n"><a>x</a></r>'),
    ("a namespace is declared once", named(record(a=named(TEXT, namespace="urn:n", prefix="p")), namespace="urn:n", prefix="p"), {"a": "x"}, '<p:root xmlns:p="urn:n"><p:a>x</p:a></p:root>'),
    ("an attribute in a namespace", record(a=named(TEXT, attribute=True, namespace="urn:n", prefix="p")), {"a": "x"}, '<root xmlns:p="urn:n" p:a="x"/>'),
    ("attributes in two namespaces", record(a=named(TEXT, attribute=True, namespace="urn:n"), b=named(TEXT, attribute=True, namespace="urn:m")), {"a": "x", "b": "y"}, '<root xmlns:ns0="urn:n" ns0:a="x" xmlns:ns2="urn:m" ns2:b="y"/>'),
    ("a prefix without a namespace", record(a=named(TEXT, prefix="p")), {"a": "x"}, "<root><a>x</a></root>"),
    ("a prefix that is declared further out", named(record(a=named(TEXT, prefix="p")), namespace="urn:n", prefix="p"), {"a": "x"}, '<p:root xmlns:p="urn:n"><p:a>x</p:a></p:root>'),
    ("null is nil", record(a={"type": ["string", "null"]}), {"a": None}, f'<root><a xsi:nil="true" {XSI}/></root>'),
    ("an item that is null", record(a=many({"type": ["integer", "null"]})), {"a": [1, None]}, f'<root><a>1</a><a xsi:nil="true" {XSI}/></root>'),
    ("a reference or null", record(a={"anyOf": [ref("Tag"), {"type": "null"}]}), {"a": {"name": "x"}}, "<root><tag><name>x</name></tag></root>"),
    ("a number", record(a={"type": "number"}), {"a": 1.5}, "<root><a>1.5</a></root>"),
    ("a boolean", record(a={"type": "boolean"}), {"a": True}, "<root><a>true</a></root>"),
    ("a text that looks like a number", record(a=TEXT), {"a": "007"}, "<root><a>007</a></root>"),
    ("an empty text", record(a=TEXT), {"a": ""}, "<root><a/></root>"),
    ("an empty object", record(a=record(b=TEXT)), {"a": {}}, "<root><a/></root>"),
    ("white space in a text", record(a=TEXT), {"a": " x\n y\t"}, "<root><a> x\n y\t</a></root>"),
    ("a carriage return", record(a=TEXT), {"a": "x\r\ny"}, "<root><a>x&#13;\ny</a></root>"),
    ("characters of markup", record(a=TEXT), {"a": "<b>&'\"]]>"}, "<root><a>&lt;b&gt;&amp;'\"]]&gt;</a></root>"),
    ("characters of markup in an attribute", record(a=named(TEXT, attribute=True)), {"a": "<\"&'\n\t"}, '<root a="&lt;&quot;&amp;\'&#10;&#9;"/>'),
    ("an enum of numbers", record(a={"enum": [1, 2]}), {"a": 2}, "<root><a>2</a></root>"),
    ("members of any name", record() | {"additionalProperties": NUMBER}, {"a": 1, "b": 2}, "<root><a>1</a><b>2</b></root>"),
    ("lists of any name", record() | {"additionalProperties": many(NUMBER)}, {"a": [1], "b": [2, 3]}, "<root><a>1</a><b>2</b><b>3</b></root>"),
    ("a name that XML does not have", record() | {"additionalProperties": TEXT}, {"first name": "x", "1": "y"}, "<root><first_x0020_name>x</first_x0020_name><_x0031_>y</_x0031_></root>"),
    ("a declared name that XML does not have", {"type": "object", "properties": {"first name": TEXT, "2fa": named(TEXT, attribute=True), "tags": many(named(TEXT, name="a tag"))}}, {"first name": "x", "2fa": "y", "tags": ["z"]}, '<root _x0032_fa="y"><first_x0020_name>x</first_x0020_name><a_x0020_tag>z</a_x0020_tag></root>'),
    ("members whose names match a pattern", record() | {"patternProperties": {"^n_": NUMBER, "^l_": many(TEXT)}, "additionalProperties": False}, {"n_a": 1, "l_b": ["2"]}, "<root><n_a>1</n_a><l_b>2</l_b></root>"),
    ("undeclared members", record(a=NUMBER), {"a": 1, "@b": "2", "c": {"d": "x"}, "#text": "t"}, '<root b="2"><a>1</a><c><d>x</d></c>t</root>'),
    ("an alternative of the root", ref("Animal"), {"kind": "cat", "lives": 9}, "<cat><kind>cat</kind><lives>9</lives></cat>"),
    ("another alternative of the root", ref("Animal"), {"kind": "dog", "tricks": ["sit"]}, "<dog><kind>dog</kind><tricks>sit</tricks></dog>"),
    ("alternatives of items", many(ref("Animal")), [{"kind": "dog", "tricks": ["sit"]}, {"kind": "cat", "lives": 9}], "<root><dog><kind>dog</kind><tricks>sit</tricks></dog><cat><kind>cat</kind><lives>9</lives></cat></root>"),
    ("alternatives of a list's items", record(pets=many(ref("Animal"))), {"pets": [{"kind": "cat", "lives": 9}]}, "<root><cat><kind>cat</kind><lives>9</lives></cat></root>"),
    ("a number or a text", record(a={"oneOf": [NUMBER, {"type": "string", "pattern": "^x"}]}), {"a": "x1"}, "<root><a>x1</a></root>"),
    ("a text or a list", record(a={"oneOf": [many(NUMBER), {"const": "all"}]}), {"a": "all"}, "<root><a>all</a></root>"),
    ("members that alternatives type differently", {"oneOf": [record(a=NUMBER) | {"required": ["a"]}, record(a={"enum": ["5x"]}) | {"required": ["a"]}]}, {"a": "5x"}, "<root><a>5x</a></root>"),
    ("a schema that contains itself", ref("Node"), {"children": [{"children": [], "value": 1}]}, "<Node><children><children><children/><value>1</value></children></children></Node>"),
    ("OpenAPI 3.2: an attribute", record(a=named(NUMBER, nodeType="attribute")), {"a": 1}, '<root a="1"/>'),
    ("OpenAPI 3.2: a wrapped array", record(a=many(named(TEXT, name="b"), nodeType="element")), {"a": ["x"]}, "<root><a><b>x</b></a></root>"),
    ("OpenAPI 3.2: the text of an element", record(a=named(NUMBER, nodeType="text"), b=named(TEXT, nodeType="attribute")), {"b": "x", "a": 1}, '<root b="x">1</root>'),
    ("OpenAPI 3.2: a CDATA section", record(a=named(TEXT, nodeType="cdata")), {"a": "<x]]>"}, "<root><![CDATA[<x]]]]><![CDATA[>]]></root>"),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "value", "document"), [case[1:] for case in BOTH_WAYS], ids=[case[0] for case in BOTH_WAYS])  # fmt: skip
def test_a_value_is_written_by_its_schema(
    layout_of: LayoutOf, schema: dict[str, Any], value: Any, document: str
) -> None:
    assert write(value, layout_of(schema), "UTF-8") == DECLARATION + document


@pytest.mark.parametrize(("schema", "value", "document"), [case[1:] for case in BOTH_WAYS], ids=[case[0] for case in BOTH_WAYS])  # fmt: skip
def test_a_document_is_read_by_its_schema(layout_of: LayoutOf, schema: dict[str, Any], value: Any, document: str) -> None:  # fmt: skip
    assert read(document, layout_of(schema)) == (value, [])


def test_members_are_written_in_the_order_of_the_schema(layout_of: LayoutOf) -> None:
    document = write({"c": "3", "b": "2", "a": "1"}, layout_of(record(a=TEXT, b=TEXT)), "UTF-8")
    assert document == f"{DECLARATION}<root><a>1</a><b>2</b><c>3</c></root>"


@pytest.mark.parametrize("character", ["\0", "\x08", "\x1f", "\ud800", "\ufffe"])
def test_a_character_that_xml_cannot_hold_is_replaced(layout_of: LayoutOf, character: str) -> None:
    document = write({"a": f"x{character}y"}, layout_of(record(a=TEXT)), "UTF-8")
    assert document == f"{DECLARATION}<root><a>x\ufffdy</a></root>"


@pytest.mark.parametrize("name", ["@xmlns", "@xmlns:x", "@x y", '@x="'])
def test_the_name_of_an_undeclared_attribute_declares_no_namespace_and_is_valid(layout_of: LayoutOf, name: str) -> None:
    layout = layout_of(record() | {"additionalProperties": TEXT})
    assert read(write({name: "urn:n"}, layout, "UTF-8"), layout) == ({name: "urn:n"}, [])


def test_an_attribute_that_is_null_is_left_out(layout_of: LayoutOf) -> None:
    layout = layout_of(record(a=named({"type": ["string", "null"]}, attribute=True)))
    assert write({"a": None}, layout, "UTF-8") == f"{DECLARATION}<root/>"


READ: list[tuple[str, dict[str, Any], str, Any]] = [
    ("half of a surrogate pair in a name", record() | {"additionalProperties": TEXT}, "<root><a_xD800_>x</a_xD800_></root>", {"a_xD800_": "x"}),
    ("any prefix of the namespace", record(a=named(TEXT, namespace="urn:n", prefix="p")), '<root xmlns:q="urn:n"><q:a>x</q:a></root>', {"a": "x"}),
    ("the namespace as the default one", record(a=named(TEXT, namespace="urn:n", prefix="p")), '<root xmlns="urn:n"><a>x</a></root>', {"a": "x"}),
    ("any root where none is named", record(a=TEXT), "<anything><a>x</a></anything>", {"a": "x"}),
    ("any root where a component has no xml name", ref("Plain"), "<plain><name>x</name></plain>", {"name": "x"}),
    ("any name of items that have none", record(a=many(TEXT, wrapped=True)), "<root><a><item>x</item></a></root>", {"a": ["x"]}),
    ("white space around numbers", record(a=NUMBER, b={"type": "boolean"}), "<root><a>\n 1 </a><b> true</b></root>", {"a": 1, "b": True}),
    ("booleans as numbers", record(a={"type": "boolean"}, b={"type": "boolean"}), "<root><a>1</a><b>0</b></root>", {"a": True, "b": False}),
    ("a number that is none", record(a=NUMBER), "<root><a>x</a></root>", {"a": "x"}),
    ("a number that is empty", record(a=NUMBER), "<root><a/></root>", {"a": ""}),
    ("an empty element where null is allowed", record(a={"type": ["integer", "null"]}), "<root><a/></root>", {"a": None}),
    ("a nil as a number", record(a={"type": ["integer", "null"]}), f'<root {XSI}><a xsi:nil="1"/></root>', {"a": None}),
    ("a repeated member that is no array", record(a=TEXT), "<root><a>x</a><a>y</a></root>", {"a": ["x", "y"]}),
    ("items between other members", record(a=many(NUMBER), b=TEXT), "<root><a>1</a><b>x</b><a>2</a></root>", {"a": [1, 2], "b": "x"}),
    ("an unknown element", record(a=TEXT), "<root><c><d>1</d><d>2</d></c></root>", {"c": {"d": ["1", "2"]}}),
    ("an unknown attribute", record(a=TEXT), '<root b="1"/>', {"@b": "1"}),
    ("text beside elements", record(a=TEXT), "<root>x<a>y</a></root>", {"a": "y", "#text": "x"}),
    ("comments and instructions", record(a=TEXT), "<?x y?><root><!-- c --><a>x<!-- c -->y</a></root>", {"a": "xy"}),
    ("attributes about the document", record(a=TEXT), f'<root {XSI} xsi:schemaLocation="a b" xml:lang="en"><a>x</a></root>', {"a": "x"}),
    ("CDATA", record(a=TEXT), "<root><a><![CDATA[<b>]]>&amp;</a></root>", {"a": "<b>&"}),
    ("an element inside a text", record(a=TEXT), "<root><a><b/></a></root>", {"a": {"b": ""}}),
    ("values without a type", record(a={}), "<root><a>1</a></root>", {"a": "1"}),
    ("a missing list that is not required", record(a=many(TEXT)), "<root/>", {}),
    ("a list in a component of another name", record(a={"allOf": [many(NUMBER)]}), "<root><a>1</a></root>", {"a": [1]}),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "document", "value"), [case[1:] for case in READ], ids=[case[0] for case in READ])
def test_a_document_may_be_written_otherwise(layout_of: LayoutOf, schema: dict[str, Any], document: str, value: Any) -> None:  # fmt: skip
    assert read(document, layout_of(schema)) == (value, [])


MISNAMED: list[tuple[dict[str, Any], str, str, str]] = [
    (ref("Tag"), "<tags/>", "", "the element <tags> is sent, where <tag> is declared"),
    (named(record(), name="r", namespace="urn:n"), "<r/>", "", 'the element <r> is sent, where <r> in the namespace "urn:n" is declared'),
    (named(record(), name="r", namespace="urn:n"), '<r xmlns="urn:m"/>', "", 'the element <r> in the namespace "urn:m" is sent, where <r> in the namespace "urn:n" is declared'),
    (record(a=many(ref("Tag"), wrapped=True)), "<root><a><tag/><b/></a></root>", "/a/1", "the element <b> is sent, where <tag> is declared"),
    (record(a=many(ref("Animal"), wrapped=True)), "<root><a><cow/></a></root>", "/a/0", "the element <cow> is sent, where <cat> or <dog> is declared"),
    (record(a=many(TEXT, wrapped=True)), "<root><a>x</a></root>", "/a", 'the text "x" is in no element of an item'),
    (record(a=named(TEXT, name="b")), "<root><a>x</a></root>", "/a", 'the element <a> is not how "a" is written: that is <b>'),
    (record(a=named(TEXT, attribute=True)), "<root><a>x</a></root>", "/a", 'the element <a> is not how "a" is written: that is the attribute "a"'),
    (record(a=many(ref("Tag"))), "<root><a/></root>", "/a", 'the element <a> is not how "a" is written: that is <tag>'),
    (record(a=named(TEXT, nodeType="text")), "<root><a/></root>", "/a", 'the element <a> is not how "a" is written: that is the text of its parent'),
    (record(a=named(TEXT, namespace="urn:n")), "<root><a/></root>", "/a", 'the element <a> is not how "a" is written: that is <a> in the namespace "urn:n"'),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "document", "pointer", "message"), MISNAMED)
def test_an_element_that_is_not_named_as_declared_is_a_violation(
    layout_of: LayoutOf, schema: dict[str, Any], document: str, pointer: str, message: str
) -> None:
    violations = read(document, layout_of(schema))[1]
    assert [(item.pointer, item.keyword, item.message) for item in violations] == [(pointer, "xml", message)]


def test_a_nullable_schema_of_openapi_3_0_reads_nil(layout_of: LayoutOf) -> None:
    layout = layout_of(record(a={"type": "integer", "nullable": True}), "3.0.3")
    assert read(f'<root {XSI}><a xsi:nil="true"/></root>', layout) == ({"a": None}, [])
