"""Questions about the statuses of child objects."""

from __future__ import annotations

from perpend.ir.operation import Constant, Operation, Parameter
from perpend.meaning.types import ValueType

_PARAMETERS = (
    Parameter("status", "The status to look for.", constant=Constant.STATUS),
    Parameter("relationshipName", "The related list, declared at the same level.", constant=Constant.RELATIONSHIP),
)
_EMPTY = "An empty or missing list, or one behind a null lookup, has no children."
_EXAMPLE = "{status: INCOMPLIANT, relationshipName: CA10__Disks__r}"

OPERATIONS = (
    Operation(
        "RELATED_LIST_HAS",
        "RELATED_LIST_HAS",
        "Whether some child has the status.",
        _PARAMETERS,
        ValueType.BOOLEAN,
        "{relationshipName}.has({status})",
        _EMPTY,
        example=f"RELATED_LIST_HAS: {_EXAMPLE}",
    ),
    Operation(
        "RELATED_LIST_HAS_NO",
        "RELATED_LIST_HAS_NO",
        "Whether no child has the status.",
        _PARAMETERS,
        ValueType.BOOLEAN,
        "{relationshipName}.hasNo({status})",
        _EMPTY,
        example=f"RELATED_LIST_HAS_NO: {_EXAMPLE}",
    ),
    Operation(
        "RELATED_LIST_COUNT",
        "RELATED_LIST_COUNT",
        "How many children have the status.",
        _PARAMETERS,
        ValueType.NUMBER,
        "{relationshipName}.count({status})",
        _EMPTY,
        example=f"RELATED_LIST_COUNT: {_EXAMPLE}",
    ),
)
