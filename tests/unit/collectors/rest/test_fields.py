"""A value that an API states for a missing member counts only where the row says so."""

from __future__ import annotations

from typing import Any

import pytest

from perpend.collectors.items import NotThere
from perpend.collectors.rest.fields import value_of
from perpend.collectors.rest.rows import FieldSource

STATED = FieldSource("data.settings.backup.enabled", otherwise=False, within="data.settings")
NULL = FieldSource("data.settings.backup.name", optional=True, within="data.settings")

OTHER = FieldSource("data.allowed", optional=True, within="data.denied", also="data.alloweds", also_within="data.denieds")


@pytest.mark.parametrize(
    ("source", "item", "expected"),
    [
        (STATED, {"data": {"settings": {"backup": {"enabled": True}}}}, True),
        (STATED, {"data": {"settings": {"backup": {}}}}, False),
        (STATED, {"data": {"settings": {"backup": None}}}, False),
        (STATED, {"data": {"settings": {}}}, False),
        (NULL, {"data": {"settings": {}}}, None),
        (OTHER, {"data": {"allowed": 1, "alloweds": 2}}, 1),
        (OTHER, {"data": {"alloweds": 2}}, 2),
        (OTHER, {"data": {"denied": [3]}}, None),
        (OTHER, {"data": {"denieds": [3]}}, None),
        (FieldSource("", transform=len), {"a": 1, "b": 2}, 2),
    ],
)
def test_a_missing_member_has_its_stated_value_within_an_object(source: FieldSource, item: Any, expected: object) -> None:
    assert expected == value_of(source, item, "account")


@pytest.mark.parametrize(
    ("source", "item"),
    [
        (STATED, {"data": {}}),
        (STATED, {"data": {"settings": None}}),
        (STATED, {"data": {"settings": {"backup": "none"}}}),
        (STATED, {}),
        (OTHER, {"data": {}}),
        (NULL, {"data": {"settings": None}}),
        (STATED, {"data": {"other": {"backup": {}}}}),
        (FieldSource("data.settings.backup.enabled", otherwise=False), {"data": {"settings": {}}}),
        (FieldSource("data.settings.backup.enabled", within="data.settings"), {"data": {"settings": {}}}),
    ],
)
def test_a_missing_member_is_unknown_otherwise(source: FieldSource, item: Any) -> None:
    with pytest.raises(NotThere):
        value_of(source, item, "account")
