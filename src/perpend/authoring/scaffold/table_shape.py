"""The shape of a table of policies: one entry per policy, over one field and at most a few guards."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from perpend.core.diagnostics.model import Rule, Severity
from perpend.language.syntax.decision_shapes import SEVERITIES
from perpend.language.syntax.shapes import POLICY, Choice, Flag, Items, Key, Record, ScalarShape, Text

UNUSABLE: Final = Rule(
    "T102",
    "unusable-row",
    Severity.ERROR,
    "An entry of a table of policies cannot become a policy: its type or field is not declared, a value has the wrong kind, is "
    "listed twice, or both passes and fails, a section does not exist, the id is outside `/ce` or used twice, or the logic or "
    "test data of the policy differ from the entry. `perpend new policies` then writes nothing.\n\n"
    "Correct the entry at the place shown. To write logic and test data again after a change of the entry, delete the two "
    "files first.",
)


class Form(StrEnum):
    """The form of a condition: which values of the field pass."""

    ONE_OF = "one-of"
    NONE_OF = "none-of"
    IS_TRUE = "is-true"
    IS_FALSE = "is-false"
    AT_LEAST = "at-least"
    AT_MOST = "at-most"
    EMPTY = "empty"
    NOT_EMPTY = "not-empty"
    CONTAINS = "contains"
    LACKS = "lacks"


_FILLED: Final = Text(filled=True)
_VALUES: Final = Items(ScalarShape(), filled=True)
_COPIED: Final = {key.name: key for key in POLICY.keys}
_GUARD: Final = Record(
    "guard",
    "A field that tells which objects the policy is about.",
    (
        Key("field", _FILLED, "The field, after any lookups.", required=True),
        Key("values", _VALUES, "The values of objects that the policy is about.", required=True),
        Key("others", _VALUES, "Other values, for test objects; required if the field is no checkbox."),
        Key("closed", Flag(), "Whether no value is known but these: an object with any other one is UNDETERMINED."),
        Key("prefixes", Flag(), "Whether `values` and `others` are beginnings of values; only with `closed`."),
        Key("inapplicable", _FILLED, "The message for an object with another value.", required=True),
        Key("undetermined", _FILLED, "The message for an object with no known value.", required=True),
    ),
)
_UNSET: Final = Record(
    "unset",
    "What it means that a JSON array has no such entry: a default passes or fails, by another field.",
    (
        Key("field", _FILLED, "The field that the default depends on, such as a version, after any lookups.", required=True),
        Key("passes", _VALUES, "Values of that field with a default that passes."),
        Key("fails", _VALUES, "Values of that field with a default that fails."),
    ),
)
_MESSAGES: Final = Record(
    "messages",
    "The message of each status.",
    (
        Key("compliant", _FILLED, "For an object that passes.", required=True),
        Key("incompliant", _FILLED, "For an object that fails.", required=True),
        Key("undetermined", _FILLED, "For an object whose value is not known; not for `empty`, `not-empty` and `contains`."),
    ),
)
_SEVERITY: Final = Record(
    "severity",
    "The severity of findings.",
    (
        Key("level", Choice(SEVERITIES), "The severity.", required=True),
        Key("because", _FILLED, "The reason.", required=True),
        Key("source", _FILLED, "The source: a person, a board, a document.", required=True),
    ),
)
_ROW: Final = Record(
    "row",
    "A policy over one field.",
    (
        Key("id", _FILLED, "The id of the policy.", required=True),
        Key("names", _COPIED["names"].shape, "The policy's names.", required=True),
        Key("description", _FILLED, "The requirement, in a sentence or two.", required=True),
        Key("type", _FILLED, "The object type, by API name or label.", required=True),
        Key("guards", Items(_GUARD), "The fields that tell which objects the policy is about, in order."),
        Key("field", _FILLED, "The field to check, after any lookups.", required=True),
        Key("entry", _FILLED, "The name of an entry, if the field holds a JSON array of names and values."),
        Key("unset", _UNSET, "What an array without the entry means; required with `entry`."),
        Key("form", Choice(tuple(Form)), "The form of the condition.", required=True),
        Key("limit", ScalarShape(), "The number of `at-least` and `at-most`."),
        Key("items", _VALUES, "The items of `contains`, all, and of `lacks`, none; the field holds one item a line."),
        Key("passes", _VALUES, "Values that pass."),
        Key("fails", _VALUES, "Values that fail."),
        Key("messages", _MESSAGES, "The message of each status.", required=True),
        Key("remediation", _FILLED, "How to fix it, with the command in backticks.", required=True),
        Key("frameworkMappings", _COPIED["frameworkMappings"].shape, "Ids of the sections that the policy belongs to."),
        Key("severity", _SEVERITY, "The severity of findings."),
        Key("categories", _COPIED["categories"].shape, "The goals of the policy.", required=True),
    ),
)
TABLE: Final = Record("table", "Policies over one field.", (Key("policies", Items(_ROW), "The policies.", required=True),))
