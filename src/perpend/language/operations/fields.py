"""Data access: fields, extracts, lookups and tags of the object."""

from __future__ import annotations

from perpend.core.values.tags import TAGS_FIELD
from perpend.core.values.types import TEXTUAL, ValueType
from perpend.language.operations.operation import CheckDeclaration, Constant, Operation, Parameter, Result

_LOOKUP = (Parameter("path", "The lookups to follow, separated by dots.", constant=Constant.LOOKUP_PATH),)
_TAG = (
    Parameter(
        "name", "The tag's name: Bytes must match exactly; Text ignores case, white space and punctuation.", operand=TEXTUAL
    ),
    Parameter(
        "tagsJson",
        "The field with the JSON object of tags.",
        constant=Constant.FIELD_PATH,
        required=False,
        default=TAGS_FIELD,
    ),
)

OPERATIONS = (
    Operation(
        "FIELD",
        doc="Reads a field of the object, or of an object that lookups lead to. A missing or disappeared parent gives null.",
        parameters=(
            Parameter("path", "The field's API name, after any lookups.", constant=Constant.FIELD_PATH),
            Parameter(
                "returnType",
                "`BYTES` to compare a text exactly.",
                choices=("AUTO", "BYTES"),
                required=False,
                default="AUTO",
            ),
        ),
        result=Result.FIELD,
        text="{path}",
        nulls="A null field is null of its type.",
        checks=(
            CheckDeclaration(
                "noAccessDelegate",
                "{path}.delegatedTo({delegate}).isEmpty()",
                "The field named by `path` is empty: whatever fills both could not be read.",
                delegate=True,
            ),
            CheckDeclaration("isEmpty", "{path}.isEmpty()", "The field is empty."),
        ),
        example="FIELD: {path: CA10__account__r.CA10__accountId__c}",
    ),
    Operation(
        "EXTRACT",
        doc="The value of an imported extract of the object's type. Its checks count at the place of reference.",
        parameters=(Parameter("path", "The extract's name, after any lookups.", constant=Constant.EXTRACT_PATH),),
        result=Result.EXTRACT,
        text="extract({path!q})",
        nulls="As in the extract's own operation.",
        scalar=True,
        example="EXTRACT: credReportMfaActive",
    ),
    Operation(
        "IS_EMPTY_LOOKUP",
        doc="Whether a lookup leads nowhere: at some step the object is absent, has no Id or has disappeared.",
        parameters=_LOOKUP,
        result=ValueType.BOOLEAN,
        text="isEmptyLookup({path!q})",
        nulls="A null lookup is empty.",
        scalar=True,
        example="IS_EMPTY_LOOKUP: CA10__account__r",
    ),
    Operation(
        "NOT_EMPTY_LOOKUP",
        doc="The negation of IS_EMPTY_LOOKUP.",
        parameters=_LOOKUP,
        result=ValueType.BOOLEAN,
        text="notEmptyLookup({path!q})",
        nulls="A null lookup is empty.",
        scalar=True,
        example="NOT_EMPTY_LOOKUP: CA10__account__r",
    ),
    Operation(
        "TAG_EXISTS",
        doc="Whether the object carries a tag.",
        parameters=_TAG,
        result=ValueType.BOOLEAN,
        text="{tagsJson}.{has}({name})",
        nulls="Null tags: no tag exists. Tags that are not a JSON object make the object unreadable: UNDETERMINED.",
        dialects=("D2", "D3"),
        example="TAG_EXISTS: {name: {TEXT: owner}}",
    ),
    Operation(
        "TAG_VALUE_TEXT",
        doc="The value of a tag as Text.",
        parameters=_TAG,
        result=ValueType.TEXT,
        text="{tagsJson}.{get}({name})",
        nulls="A missing tag is null.",
        dialects=("D2", "D3"),
        example="TAG_VALUE_TEXT: {name: {TEXT: owner}}",
    ),
    Operation(
        "TAG_VALUE_BYTES",
        doc="The value of a tag as Bytes.",
        parameters=_TAG,
        result=ValueType.BYTES,
        text="{tagsJson}.{get}({name})",
        nulls="A missing tag is null.",
        dialects=("D2", "D3"),
        example='TAG_VALUE_BYTES: {name: {BYTES: "Owner"}}',
    ),
)
