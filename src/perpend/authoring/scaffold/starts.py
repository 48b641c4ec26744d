"""Choose the first conditions of a policy by the kind of its field, with values that reach them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.objects.object_types import FIELD_TYPES, MASTER_KEY
from perpend.core.values.types import ValueType

if TYPE_CHECKING:
    from perpend.core.objects.object_types import ObjectType

SNAPSHOT: Final = "2026-01-31T12:00:00Z"
"""The time of the snapshots in test data that is written."""

DEFAULT_KEY: Final = "enabled"
"""The key of a JSON document that a policy asks about where nobody names one."""

KEYS: Final = {"CA10__credReportAttributesJson__c": "mfa_active"}
"""Keys of documents whose form is known: here a column of the credential report."""

JSON: Final = "json"
_PREFERRED: Final = ("checkbox", "number", "percent", "currency", "summary", JSON, "picklist", "datetime", "date", "text")


@dataclass(frozen=True, slots=True)
class Start:
    """Two conditions and the values that reach them.

    ``faulty`` and ``sound`` are checks with ``{value}`` for the checked value; ``is_faulty`` and ``is_sound`` are their words
    in messages. ``values`` are one value for the fault, one for its absence, and one for neither.
    """

    faulty: str
    is_faulty: str
    sound: str
    is_sound: str
    values: tuple[Any, Any, Any]


_TEXT: Final = Start(
    "IS_EQUAL: {{left: {value}, right: {{TEXT: disabled}}}}",
    "is disabled",
    "IS_EQUAL: {{left: {value}, right: {{TEXT: enabled}}}}",
    "is enabled",
    ("disabled", "enabled", None),
)
_STARTS: Final = {
    ValueType.TEXT: _TEXT,
    ValueType.NUMBER: Start(
        "LESS_THAN: {{left: {value}, right: {{NUMBER: 1}}}}",
        "is less than 1",
        "GREATER_THAN_EQUAL: {{left: {value}, right: {{NUMBER: 1}}}}",
        "is 1 or more",
        (0, 1, None),
    ),
    ValueType.BOOLEAN: Start(
        "IS_EQUAL: {{left: {value}, right: {{BOOLEAN: false}}}}",
        "is false",
        "IS_EQUAL: {{left: {value}, right: {{BOOLEAN: true}}}}",
        "is true",
        (False, True, None),
    ),
    ValueType.DATE_TIME: Start(
        "IS_BEYOND_LAST_DAYS: {{arg: {value}, offsetDays: 90}}",
        "lies more than 90 days back",
        "IS_WITHIN_LAST_DAYS: {{arg: {value}, offsetDays: 90}}",
        "lies in the last 90 days",
        ("2025-06-01T00:00:00Z", "2026-01-15T00:00:00Z", None),
    ),
}
_DOCUMENT: Final = Start(
    'IS_EQUAL: {{left: {value}, right: {{TEXT: "false"}}}}',
    "is false",
    'IS_EQUAL: {{left: {value}, right: {{TEXT: "true"}}}}',
    "is true",
    ("false", "true", "maybe"),
)


def start_of(kind: str) -> Start:
    """Return how a policy starts that asks about a field of a kind."""
    return _DOCUMENT if kind == JSON else _STARTS.get(FIELD_TYPES[kind], _TEXT)


def field_to_ask_about(object_type: ObjectType) -> str | None:
    """Return the field of a type that a new policy checks: one with a meaning, else a name, else None."""
    named = {"Id", object_type.deletion_field, *(lookup.key for lookup in object_type.lookups.values())}
    names = {object_type.name_field, object_type.external_id_field}
    open_fields = [one for name, one in object_type.fields.items() if name not in named and one.kind not in ("id", MASTER_KEY)]
    for kind in _PREFERRED:
        field = next((one.name for one in open_fields if one.kind == kind and one.name not in names), None)
        if field is not None:
            return field
    silent = ("Id", object_type.deletion_field)
    return next((field.name for field in (*open_fields, *object_type.fields.values()) if field.name not in silent), None)
