"""Operations on the statuses of child objects, and on a field of those with a status."""

from __future__ import annotations

from perpend.core.values.types import ValueType
from perpend.language.operations.operation import Constant, Operation, Parameter

_PARAMETERS = (
    Parameter("status", "The status to look for.", constant=Constant.STATUS),
    Parameter("relationshipName", "The related list, declared at the same level.", constant=Constant.RELATIONSHIP),
)
_EMPTY = "An empty or missing list, or a list of a null lookup, has no children."
_EXAMPLE = "{status: INCOMPLIANT, relationshipName: CA10__Disks__r}"

OPERATIONS = (
    Operation(
        "RELATED_LIST_HAS",
        doc="Whether some child has the status.",
        parameters=_PARAMETERS,
        result=ValueType.BOOLEAN,
        text="{relationshipName}.has({status})",
        nulls=_EMPTY,
        example=f"RELATED_LIST_HAS: {_EXAMPLE}",
    ),
    Operation(
        "RELATED_LIST_HAS_NO",
        doc="Whether no child has the status.",
        parameters=_PARAMETERS,
        result=ValueType.BOOLEAN,
        text="{relationshipName}.hasNo({status})",
        nulls=_EMPTY,
        example=f"RELATED_LIST_HAS_NO: {_EXAMPLE}",
    ),
    Operation(
        "RELATED_LIST_COUNT",
        doc="The number of children with the status.",
        parameters=_PARAMETERS,
        result=ValueType.NUMBER,
        text="{relationshipName}.count({status})",
        nulls=_EMPTY,
        example=f"RELATED_LIST_COUNT: {_EXAMPLE}",
    ),
    Operation(
        "RELATED_LIST_TEXTS",
        doc="The texts that a field has in the children with the status, as a set.",
        parameters=(
            *_PARAMETERS,
            Parameter("field", "The API name of the field, of the children themselves.", constant=Constant.CHILD_FIELD),
        ),
        result=ValueType.SET_OF_TEXT,
        text="{relationshipName}.texts({status}, {field})",
        nulls=f"{_EMPTY} A null or blank field adds nothing.",
        example=("RELATED_LIST_TEXTS: {status: COMPLIANT, relationshipName: CA10__Disks__r, field: CA10__range__c}"),
    ),
)
