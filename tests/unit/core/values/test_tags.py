"""Tags and attributes: names with values in one field."""

from __future__ import annotations

from typing import Any

import pytest

from perpend.core.values.tags import NoTagsError, attribute_values, attributes_from, has_tag, tag_value, tags_from


@pytest.mark.parametrize("value", [None, "", " \n", "{}", "null", {}])
def test_what_holds_no_tags(value: Any) -> None:
    assert {} == tags_from(value)


@pytest.mark.parametrize("value", ["[]", "5", '"owner"', "owner=x", "{", 5, True, [], ["owner"]])
def test_what_is_no_object_of_tags(value: Any) -> None:
    with pytest.raises(NoTagsError):
        tags_from(value)


@pytest.mark.parametrize(
    ("name", "exact", "expected"),
    [("owner-name", False, "x"), ("OWNER name", False, "x"), ("owner-name", True, None), ("Owner_Name", True, "x")],
)
def test_the_value_of_a_tag(name: str, exact: bool, expected: str | None) -> None:
    tags = tags_from('{"Owner_Name": "x"}')
    assert (expected, expected is not None) == (tag_value(tags, name, exact=exact), has_tag(tags, name, exact=exact))


@pytest.mark.parametrize(("value", "expected"), [("x", "x"), (None, None), (5, "5"), ({"a": [1, "é"]}, '{"a":[1,"é"]}')])
def test_a_value_that_is_no_text_is_its_json(value: Any, expected: str | None) -> None:
    assert expected == tag_value({"t": value}, "t", exact=True)


def test_letters_are_not_written_out() -> None:
    assert not has_tag({"Straße": "x"}, "STRASSE", exact=False)
    assert has_tag({"STRAßE": "x"}, "straße", exact=False)


def test_no_name_is_the_empty_name() -> None:
    assert (True, "x") == (has_tag({"": "x"}, None, exact=True), tag_value({"-": "x"}, None, exact=False))
    assert (True, "x") == (has_tag({"-": "x"}, None, exact=False), tag_value({"": "x"}, None, exact=True))


def test_other_spaces_than_the_languages_own_belong_to_a_value() -> None:
    assert (("tls", "\u00a01.2\x1f"),) == attributes_from("TLS: \t\u00a01.2\x1f ")


def test_attributes_are_the_lines_with_a_colon() -> None:
    assert (("tls", "1.2"), ("a b", "c:d"), ("", "")) == attributes_from("TLS: 1.2\r\nno line\r A  b :c:d\n:")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("tls: On\nTLS: on", ["On"]), ("tls: on\ntls: off", ["on", "off"]), ("ssl: on", []), ("", [])],
)
def test_values_that_differ_count_once_each(text: str, expected: list[str]) -> None:
    assert expected == attribute_values(attributes_from(text), " TLS ")
