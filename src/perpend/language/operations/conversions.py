"""Conversions from text to other types, and the size of a collection."""

from __future__ import annotations

from perpend.core.values.types import COLLECTIONS, TEXTUAL, ValueType
from perpend.language.operations.constants import FLAGS
from perpend.language.operations.operation import CheckDeclaration, Constant, Operation, Parameter, Result

_IS_EMPTY = CheckDeclaration("isEmpty", "{arg}.isEmpty()", "The text is empty.")
_SEPARATOR = Parameter("separator", "The plain text between items.", constant=Constant.TEXT)
_TEXT = Parameter("arg", "The text to convert.", operand=TEXTUAL)
_NULL_STAYS = "Null gives null, which equals an empty collection."

OPERATIONS = (
    Operation(
        "BOOLEAN_FROM",
        doc="True when the text equals `trueValue` (case and white space ignored); any other text is false.",
        parameters=(
            _TEXT,
            Parameter(
                "trueValue", "The text that means true.", constant=Constant.TEXT, required=False, default="true", matched=True
            ),
        ),
        result=ValueType.BOOLEAN,
        text="{arg}.asBoolean({trueValue!o})",
        nulls="An empty text stops at isEmpty.",
        checks=(CheckDeclaration("isEmpty", "{arg}.isEmpty()", "The text is empty.", required=True),),
        checks_required=True,
        example="BOOLEAN_FROM: {arg: {EXTRACT: flag}, undeterminedIf: {isEmpty: The flag is unset.}}",
    ),
    Operation(
        "DATE_TIME_FROM",
        doc="The instant of an ISO 8601 text; a date alone is midnight UTC.",
        parameters=(
            _TEXT,
            Parameter("format", "The text's format.", choices=("ISO_8601",)),
            Parameter(
                "nullValues", "Texts that stand for no date.", constant=Constant.TEXTS, required=False, default=(), matched=True
            ),
        ),
        result=ValueType.DATE_TIME,
        text="{arg}.asDateTime()",
        nulls="An empty text, or one of `nullValues`, stops at isEmpty where that is given, else gives null.",
        checks=(
            _IS_EMPTY,
            CheckDeclaration("invalidFormat", "{arg}.checkIso8601()", "The text is not an ISO 8601 date.", required=True),
        ),
        checks_required=True,
        example="DATE_TIME_FROM: {arg: {EXTRACT: used}, format: ISO_8601, undeterminedIf: {invalidFormat: Not a date.}}",
    ),
    Operation(
        "DURATION_FROM",
        doc="The duration in a text: ISO 8601 (`P90D`) or Google's `3600s`, `60m`, `24h`, `7d`.",
        parameters=(_TEXT, Parameter("format", "The text's format.", choices=("ISO_8601", "GCP", "GCP_DURATION"))),
        result=ValueType.DURATION,
        text="{arg}.asDuration()",
        nulls="An empty text stops at isEmpty where that is given, else gives null.",
        checks=(
            _IS_EMPTY,
            CheckDeclaration(
                "invalidFormat", "{arg}.checkFormat({format!q})", "The text is not such a duration.", required=True
            ),
        ),
        dialects=("D2", "D3"),
        example="DURATION_FROM: {arg: {EXTRACT: retention}, format: GCP, undeterminedIf: {invalidFormat: Not a duration.}}",
    ),
    Operation(
        "COLLECTION_FROM (flags)",
        key="COLLECTION_FROM",
        doc="Splits a text at a separator; flags say which items stay and in what order.",
        parameters=(_TEXT, _SEPARATOR, *FLAGS),
        result=Result.COLLECTION,
        text="{arg}.asCollection({separator!q}){flags}",
        nulls=_NULL_STAYS,
        dialects=("D2",),
        example=(
            "COLLECTION_FROM: {arg: {FIELD: {path: CA10__cidrs__c}}, separator: ',', emptyValues: SKIP, "
            "duplicateValues: SKIP, ordering: SORTED}"
        ),
    ),
    Operation(
        "COLLECTION_FROM",
        doc="Splits a text at a separator into a set of texts.",
        parameters=(_TEXT, _SEPARATOR),
        result=ValueType.SET_OF_TEXT,
        text="{arg}.asCollection({separator!q})",
        nulls=_NULL_STAYS,
        dialects=("D1",),
        example="COLLECTION_FROM: {arg: {FIELD: {path: CA10__cidrs__c}}, separator: ','}",
    ),
    Operation(
        "LIST_FROM",
        doc="Splits a text at a separator into a list of the text's type.",
        parameters=(_TEXT, _SEPARATOR),
        result=Result.LIST,
        text="{arg}.as{type}({separator!q})",
        nulls=_NULL_STAYS,
        dialects=("D3",),
        example="LIST_FROM: {arg: {FIELD: {path: CA10__cidrs__c}}, separator: ','}",
    ),
    Operation(
        "SET_FROM",
        doc="Splits a text at a separator into a set of the text's type.",
        parameters=(_TEXT, _SEPARATOR),
        result=Result.SET,
        text="{arg}.as{type}({separator!q})",
        nulls=_NULL_STAYS,
        dialects=("D3",),
        example="SET_FROM: {arg: {FIELD: {path: CA10__cidrs__c}}, separator: ','}",
    ),
    Operation(
        "SIZE",
        doc="The number of items of a collection.",
        parameters=(Parameter("arg", "The collection, or a JSON array.", operand=COLLECTIONS | {ValueType.JSON}),),
        result=ValueType.NUMBER,
        text="{arg}.size()",
        nulls="Null has size 0.",
        dialects=("D3",),
        example="SIZE: {arg: {EXTRACT: cidrs}}",
    ),
    Operation(
        "COLLECTION_SIZE",
        doc="The older spelling of SIZE.",
        parameters=(Parameter("arg", "The collection.", operand=COLLECTIONS),),
        result=ValueType.NUMBER,
        text="{arg}.size()",
        nulls="Null has size 0.",
        dialects=("D1", "D2"),
        example="COLLECTION_SIZE: {arg: {EXTRACT: cidrs}}",
    ),
    Operation(
        "JSON_FROM",
        doc="The JSON document in a text.",
        parameters=(_TEXT,),
        result=ValueType.JSON,
        text="{arg}.asJson()",
        nulls="An empty text stops at isEmpty where that is given, else gives null.",
        checks=(
            CheckDeclaration("isEmpty", "{arg}.asJson().isEmpty()", "The text is empty."),
            CheckDeclaration("isInvalid", "{arg}.asJson().isInvalid()", "The text is not JSON.", required=True, error=True),
        ),
        checks_required=True,
        example="JSON_FROM: {arg: {FIELD: {path: CA10__policy__c}}, undeterminedIf: {isInvalid: Not JSON.}}",
    ),
    Operation(
        "ATTRIBUTES_FROM",
        doc="The attributes in a text of `key: value` lines.",
        parameters=(_TEXT,),
        result=ValueType.ATTRIBUTES,
        text="{arg}.asAttributes()",
        nulls="Null gives null; any text, the empty one too, gives attributes.",
        dialects=("D1",),
        example="ATTRIBUTES_FROM: {arg: {FIELD: {path: CA10__attributes__c}}}",
    ),
    Operation(
        "ATTRIBUTE_VALUE",
        doc="The value of one attribute.",
        parameters=(
            Parameter("arg", "The attributes.", operand=frozenset({ValueType.ATTRIBUTES})),
            Parameter("key", "The attribute's name; case and white space do not count.", operand=TEXTUAL),
        ),
        result=ValueType.TEXT,
        text="{arg}.attributeValue({key})",
        nulls="A missing key is null unless keyNotFound is given.",
        checks=(
            CheckDeclaration(
                "duplicateKey", "{self}.isDuplicateKey()", "The key occurs twice with different values.", required=True
            ),
            CheckDeclaration("keyNotFound", "{self}.isKeyNotFound()", "The key does not exist."),
            CheckDeclaration("valueIsEmpty", "{self}.isEmpty()", "The value is empty."),
        ),
        checks_required=True,
        dialects=("D1",),
        example=(
            "ATTRIBUTE_VALUE: {arg: {ATTRIBUTES_FROM: {arg: {FIELD: {path: CA10__attributes__c}}}}, key: {TEXT: tls}, "
            "undeterminedIf: {duplicateKey: Stated twice.}}"
        ),
    ),
)
