"""Tags and attributes: names with values in one field."""

from __future__ import annotations

from typing import Any

import pytest

from perpend.core.values.tags import NoTagsError, attributes_from, has_tag, tags_from


@pytest.mark.parametrize("value", ["[]", "5", '"owner"', "owner=x", "{", 5, True, [], ["owner"]])
def test_what_is_no_object_of_tags(value: Any) -> None:
    with pytest.raises(NoTagsError):
        tags_from(value)


def test_letters_are_not_written_out() -> None:
    assert not has_tag({"Straße": "x"}, "STRASSE", exact=False)
    assert has_tag({"STRAßE": "x"}, "straße", exact=False)


def test_other_spaces_than_the_languages_own_belong_to_a_value() -> None:
    assert (("tls", "\u00a01.2\x1f"),) == attributes_from("TLS: \t\u00a01.2\x1f ")


def test_attributes_are_the_lines_with_a_colon() -> None:
    assert (("tls", "1.2"), ("a b", "c:d"), ("", "")) == attributes_from("TLS: 1.2\r\nno line\r A  b :c:d\n:")
