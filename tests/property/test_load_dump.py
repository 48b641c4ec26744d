"""Whatever is written down as YAML is loaded as it was written."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from perpend.core.values.types import ValueType
from perpend.language.syntax.calls import call_from_node
from perpend.language.syntax.documents import logic_from, policy_from, section_from
from perpend.language.syntax.nodes import node_from_yaml
from perpend.language.syntax.read import DocumentReader, Fields
from perpend.language.syntax.schema import FILE_KINDS
from tests.estates import RELATED, THING_NAMES
from tests.property.plain import plain_call, plain_loaded, plain_written
from tests.strategies import JSON, SETTLED_KINDS, Draw, Names, document, expression

pytestmark = pytest.mark.slow

NAMES = Names(
    THING_NAMES.fields,
    THING_NAMES.open_fields,
    ((ValueType.TEXT, "e0"), (ValueType.BOOLEAN, "CA10__owner__r.o0")),
    THING_NAMES.lookups,
    RELATED,
)


class Dumper(yaml.SafeDumper):
    """PyYAML writes YAML 1.1, where ``1e5`` is a text and three more signs end a line: such texts are quoted."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    quoted = text[:1] in tuple("+-.0123456789") or set(text) & set("\x85\u2028\u2029")
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if quoted else None)


Dumper.add_representer(str, _text)
Dumper.ignore_aliases = lambda self, data: True


@st.composite
def dumped(draw: Draw, value: Any) -> str:
    """Draw one of the ways in which PyYAML writes a value, its own errors (on narrow lines) left out."""
    options: dict[str, Any] = {
        "allow_unicode": draw(st.booleans()),
        "default_flow_style": draw(st.sampled_from([True, False, None])),
        "indent": draw(st.sampled_from([2, 4])),
        "sort_keys": draw(st.booleans()),
    }
    for width in draw(st.sampled_from([(20, 1_000_000), (80, 1_000_000)])):
        text: str = yaml.dump(value, Dumper=Dumper, width=width, **options)
        if yaml.load(text, yaml.CSafeLoader) == value:
            return text
    raise AssertionError(f"PyYAML does not read what it wrote: {text}")


def loaded(text: str, kind: str) -> Fields:
    """Return a file's record; fails where anything is wrong with it."""
    diagnostics: list[Any] = []
    node = node_from_yaml(text, "file.yaml", diagnostics)
    assert node is not None, diagnostics
    fields = DocumentReader(diagnostics).record(node, FILE_KINDS[kind])
    assert [] == diagnostics
    assert fields is not None
    return fields


@pytest.mark.parametrize("kind", FILE_KINDS)
@given(data=st.data())
def test_documents_of_every_kind_are_loaded_as_written(kind: str, data: st.DataObject) -> None:
    written = document(data.draw, FILE_KINDS[kind], NAMES)
    text = data.draw(dumped(written))
    assert plain_written(written, FILE_KINDS[kind]) == plain_loaded(loaded(text, kind))


@settings(max_examples=100)
@given(data=st.data())
def test_deep_expressions_are_loaded_as_written(data: st.DataObject) -> None:
    written = expression(data.draw, data.draw(st.sampled_from(SETTLED_KINDS)), NAMES, 3)
    diagnostics: list[Any] = []
    node = node_from_yaml(data.draw(dumped(written)), "file.yaml", diagnostics)
    assert node is not None
    call = call_from_node(node, node.span, diagnostics)
    assert [] == diagnostics
    assert call is not None
    assert plain_written({"value": written}, _ONE)["value"] == plain_call(call)


_ONE = next(key.shape.of for key in FILE_KINDS["extracts"].keys)  # type: ignore[union-attr]  # the only key holds a list


@given(data=st.data())
def test_what_is_dumped_again_is_loaded_the_same(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(list(FILE_KINDS)))
    once = plain_loaded(loaded(data.draw(dumped(document(data.draw, FILE_KINDS[kind], NAMES))), kind))
    assert once == plain_loaded(loaded(data.draw(dumped(once)), kind))


@given(data=st.data())
def test_entities_say_what_their_documents_say(data: st.DataObject) -> None:
    logic = document(data.draw, FILE_KINDS["logic"], NAMES)
    entity = logic_from("/ce/p/prod.logic.yaml", loaded(data.draw(dumped(logic)), "logic"))
    assert entity is not None
    assert plain_written(logic, FILE_KINDS["logic"])["inputType"] == entity.input_type.value
    assert len(logic["conditions"]) == len(entity.block.conditions)
    assert [item["file"] for item in logic.get("importExtracts", [])] == [item.value for item in entity.block.imports]
    policy = document(data.draw, FILE_KINDS["policy"], NAMES)
    described = policy_from("/ce/p", loaded(data.draw(dumped(policy)), "policy"), (), {}, [])
    assert (policy["names"]["full"], policy.get("impossible", False)) == (described.names.full, described.impossible)
    assert policy.get("frameworkMappings", []) == [item.value for item in described.mappings]
    section = document(data.draw, FILE_KINDS["section"], NAMES)
    assert section["name"] == section_from("/frameworks/f", loaded(data.draw(dumped(section)), "section")).name


@given(JSON, st.data())
def test_json_constants_keep_every_value(value: Any, data: st.DataObject) -> None:
    text = data.draw(dumped({"extracts": [{"name": "e", "value": {"JSON": value}}]}))
    found = plain_loaded(loaded(text, "extracts"))["extracts"][0]["value"]["JSON"]
    assert repr(value) == repr(found) or value == found
