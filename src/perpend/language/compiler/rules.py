"""Diagnostics of a file's meaning. Each rule is a page of ``perpend rule``."""

from __future__ import annotations

from perpend.core.diagnostics.model import Rule, Severity

_DECLARED: list[Rule] = []


def _error(code: str, name: str, page: str) -> Rule:
    _DECLARED.append(Rule(code, name, Severity.ERROR, page))
    return _DECLARED[-1]


TYPE_MISMATCH = _error(
    "A201",
    "type-mismatch",
    "The value has a type that the operation does not take.\n\n"
    "Convert the value first (`BOOLEAN_FROM`, `DATE_TIME_FROM`, `JSON_FROM` …) or take another operation.",
)
INCOMPARABLE_TYPES = _error(
    "A202",
    "incomparable-types",
    "The two sides can never be equal, because their types differ: a Text and a Number, a list and a set, Text and Bytes.\n\n"
    "Bring both sides to one type.",
)
UNKNOWN_EXTRACT = _error(
    "A203",
    "unknown-extract",
    "No imported file has an extract of this name for the object type.\n\n"
    "Correct the name, or import the file that holds it with `importExtracts`.",
)
AMBIGUOUS_EXTRACT = _error(
    "A204",
    "ambiguous-extract",
    "Several imported types have an extract of this name, and the object type here is not declared.\n\n"
    "Declare the lookup or relationship in `types/<Type>/type.yaml`, or import one of them only.",
)
CYCLIC_EXTRACT = _error("A205", "cyclic-extract", "An extract uses its own value.\n\nRemove the circular reference.")
DUPLICATE_EXTRACT = _error(
    "A206", "duplicate-extract", "Two extracts of one object type have the same name.\n\nRename or remove one of them."
)
UNKNOWN_RELATED_LIST = _error(
    "A207",
    "unknown-related-list",
    "The operation uses a related list that is not declared at this level.\n\n"
    "Add an entry with this `relationshipName` to `relatedLists` of the same block.",
)
DUPLICATE_RELATED_LIST = _error(
    "A208", "duplicate-related-list", "Two entries of `relatedLists` have the same `relationshipName`.\n\nMerge them."
)
NOT_BOOLEAN = _error(
    "A209",
    "not-boolean",
    "The check of a condition must be true or false.\n\nCompare the value, or convert it with `BOOLEAN_FROM`.",
)
JMESPATH_SYNTAX = _error(
    "A210",
    "jmespath-syntax",
    "The expression is not JMESPath, or calls a function that does not exist or with the wrong number of arguments.\n\n"
    "Fix the expression at the place shown.",
)
REGEX_SYNTAX = _error(
    "A211",
    "regex-syntax",
    "The expression is not an RE2 regular expression. RE2 has no back-references and no look-around, because they "
    "can take exponential time.\n\nRewrite it without them.",
)
LOGGING_QUERY_SYNTAX = _error(
    "A212", "logging-query-syntax", "The value is not a Google Cloud logging filter.\n\nFix the filter at the place shown."
)
UNFOLDS_TOO_FAR = _error(
    "A213",
    "unfolds-too-far",
    "With its extracts unfolded, the expression is larger or deeper than any real policy needs: a few extracts that each "
    "use another one twice unfold to millions of operations.\n\nUse fewer extracts inside extracts.",
)
TOO_MANY_CHECKS = _error(
    "A214",
    "too-many-checks",
    "The condition has more checks, those of its extracts included, than there are numbers for its verdicts.\n\n"
    "Split the condition, or use fewer checks.",
)
UNKNOWN_SECTION = _error(
    "A220",
    "unknown-section",
    "A policy or section refers to a framework section that does not exist.\n\nCorrect the id, or add the section.",
)

LABEL_AS_TYPE = _error(
    "A221",
    "label-as-type",
    "The input type of a policy is the label of a type. Objects have the API name of their type, so the policy judges "
    "none.\n\nWrite the API name: `perpend list types` shows it beside the label.",
)

RULES: tuple[Rule, ...] = tuple(_DECLARED)
"""All rules of this module, by code."""
