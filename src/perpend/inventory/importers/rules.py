"""The diagnostics of imports. Each rule is a page of ``perpend explain-code``."""

from __future__ import annotations

from typing import Final

from perpend.core.diagnostics.model import Rule, Severity


def _warning(code: str, name: str, page: str) -> Rule:
    return Rule(code, name, Severity.WARNING, page)


COLUMN_OF_OTHER_TYPE: Final = _warning(
    "K301",
    "column-of-other-type",
    "A column of a table holds something else than the object type's `type.yaml` says of the field: texts where numbers "
    "or times belong, numbers where texts belong.\n\n"
    "Nothing is converted. Where a policy reads such a value, the object is UNDETERMINED. Correct the table, or the "
    "declaration in `types/<Type>/type.yaml`.",
)
VALUE_WITHOUT_MEANING: Final = _warning(
    "K302",
    "value-without-meaning",
    "A column holds values that no field can have: NaN, a date without a year, bytes that are no text.\n\n"
    "Such a value counts as not known. Where a policy reads it, the object is UNDETERMINED. Write null where there is none.",
)
UNDECLARED_RELATION: Final = _warning(
    "K303",
    "undeclared-relation",
    "Objects are nested under a lookup or in a child list that no `type.yaml` declares. They are kept, but only where they "
    "were found: rows of a table of their own, which belong to their owner and to nothing else.\n\n"
    "Declare the relation, and its objects become rows of their type's table, each Id once:\n\n"
    "```yaml\nlookups:\n  - name: CA10__vpc__r\n    target: CA10__CaAwsVpc__c\n    key: CA10__vpc__c\n```",
)
COLUMNS_LEFT_OUT: Final = _warning(
    "K304",
    "columns-left-out",
    "The mapping does not name some columns of the table, so they are not imported.\n\n"
    "Name them under `columns`, if policies are to read them.",
)
CONTRADICTING_ROWS: Final = _warning(
    "K305",
    "contradicting-rows",
    "Rows of the same Id say different things of one object. The object is kept once, marked as contradicted, and is "
    "UNDETERMINED for every policy.\n\n"
    "Import one table per object type and time, or correct the sources.",
)
RELATION_NOT_FOLLOWED: Final = _warning(
    "K306",
    "relation-not-followed",
    "A declared relation cannot be followed for any object: its key is no column of texts, or the type that it leads to "
    "was not imported.\n\n"
    "What lies behind it is not known: policies that ask for it say UNDETERMINED. Import the other type as well.",
)
BLANK_KEY: Final = _warning(
    "K307",
    "blank-key",
    "Rows of a table do not say which object they are part of: a field that `type.yaml` declares as `masterDetail` is null or "
    "empty.\n\n"
    "They could be part of any object, so no list of them is known to be complete: policies that ask for it say UNDETERMINED. "
    "Fill the column in, or leave these rows out.",
)

NESTED_IN_TABLE: Final = _warning(
    "K308",
    "nested-in-table",
    "A column of a table holds objects where the object type declares a relation. A table has rows of one type, so they are "
    "kept in the column, but do not become rows of their own.\n\n"
    "What lies behind the relation is not known: policies that ask for it say UNDETERMINED. Import the file as a JSON array, "
    "or the nested objects as a table of their type.",
)
UNMATCHED_KEY: Final = _warning(
    "K309",
    "unmatched-key",
    "A key of rows matches the Id of no imported object. The object was not imported, or the key was damaged: spreadsheets "
    "drop leading zeros, exports add blank space.\n\n"
    "Such a row may belong to any object, so no list of these rows is known, and policies that need one say UNDETERMINED. "
    "Only if all keys and Ids are AWS account numbers of twelve digits, the rows belong to other accounts. Correct the keys, "
    "or import the objects that they name.",
)
LIST_SPOKEN_AGAINST: Final = _warning(
    "K311",
    "list-spoken-against",
    "An object lists its children itself, perhaps as an empty list, and other rows say that they belong to it too.\n\n"
    "Its list is not known: policies that ask for it say UNDETERMINED. Correct one of the inputs, or leave one out.",
)
REPEATED_ID: Final = _warning(
    "K312",
    "repeated-id",
    "Objects in the child lists of different objects have the same Id, such as the name of a region in each account. They are "
    "parts of different owners, so they are kept apart: the owner's Id and a slash are put in front of theirs.\n\n"
    "Rows of tables that name one of them by the short Id say no longer which. Write Ids that are unique in all data: "
    "`111122223333/eu-west-1`.",
)
NOT_CLAIMED: Final = _warning(
    "K313",
    "not-claimed",
    "Objects do not list their children themselves, and no input says that it holds all of them. What an input does not hold "
    "may have been left out, filtered or denied, so absence proves nothing.\n\n"
    "Policies that ask for such a list say UNDETERMINED. Say with `--complete` of what the input holds every object: `all`, an "
    "account, or `account/region`. A credential report says it of its accounts' users by itself. Said of what another tool "
    "wrote, it holds of the lists of its objects as long as no input has an object of their type without its list.",
)

RULES: Final = (
    COLUMN_OF_OTHER_TYPE,
    VALUE_WITHOUT_MEANING,
    UNDECLARED_RELATION,
    COLUMNS_LEFT_OUT,
    CONTRADICTING_ROWS,
    RELATION_NOT_FOLLOWED,
    BLANK_KEY,
    NESTED_IN_TABLE,
    UNMATCHED_KEY,
    LIST_SPOKEN_AGAINST,
    REPEATED_ID,
    NOT_CLAIMED,
)
"""All rules of the room."""

TOLD_BY_VERDICTS: Final = (RELATION_NOT_FOLLOWED.code, NOT_CLAIMED.code)
"""Codes of what a verdict that it concerns gives as its reason, too."""
