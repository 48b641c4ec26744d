"""The diagnostics of imports. Each rule is a page of ``perpend rule``."""

from __future__ import annotations

from typing import Final

from perpend.core.diagnostics.model import Rule, Severity


def _warning(code: str, name: str, page: str) -> Rule:
    return Rule(code, name, Severity.WARNING, page)


COLUMN_OF_OTHER_TYPE: Final = _warning(
    "K301",
    "column-of-other-type",
    "A column of a table has values of another type than `type.yaml` declares: texts instead of numbers or times, or numbers "
    "instead of texts.\n\n"
    "Values are not converted. If a policy reads such a value, the object is UNDETERMINED. Correct the table, or the "
    "declaration in `types/<Type>/type.yaml`.",
)
VALUE_WITHOUT_MEANING: Final = _warning(
    "K302",
    "value-without-meaning",
    "A column has values that no field can have: NaN, a date without a year, bytes that are not text.\n\n"
    "Such a value is unknown. If a policy reads it, the object is UNDETERMINED. Write null if there is no value.",
)
UNDECLARED_RELATION: Final = _warning(
    "K303",
    "undeclared-relation",
    "Objects are nested under a lookup or in a child list that no `type.yaml` declares. They are stored in a table of their "
    "own, and belong only to the object that contains them.\n\n"
    "Declare the relation, and its objects become rows of their type's table, each Id once:\n\n"
    "```yaml\nlookups:\n  - name: CA10__vpc__r\n    target: CA10__CaAwsVpc__c\n    key: CA10__vpc__c\n```",
)
COLUMNS_LEFT_OUT: Final = _warning(
    "K304",
    "columns-left-out",
    "The mapping does not name some columns of the table, so they are not imported.\n\n"
    "Add them to `columns` if policies read them.",
)
CONTRADICTING_ROWS: Final = _warning(
    "K305",
    "contradicting-rows",
    "Rows with the same Id have different values. The object is stored once, marked as contradicted, and is UNDETERMINED for "
    "every policy.\n\n"
    "Import one table per object type and time, or correct the sources.",
)
RELATION_NOT_FOLLOWED: Final = _warning(
    "K306",
    "relation-not-followed",
    "A declared relation cannot be followed for any object: its key is not a text column, or its target type was not "
    "imported.\n\n"
    "Policies that use the relation are UNDETERMINED. Import the other type as well.",
)
BLANK_KEY: Final = _warning(
    "K307",
    "blank-key",
    "Rows of a table do not name their owner: a field that `type.yaml` declares as `masterDetail` is null or empty.\n\n"
    "They may belong to any object, so no list of them is known to be complete, and policies that need one are UNDETERMINED. "
    "Fill in the column, or remove these rows.",
)

NESTED_IN_TABLE: Final = _warning(
    "K308",
    "nested-in-table",
    "A column of a table has nested objects, and the object type declares it as a relation. A table has rows of one type, so "
    "nested objects stay in the column and do not become rows.\n\n"
    "Policies that use the relation are UNDETERMINED. Import the file as a JSON array, or the nested objects as a table of "
    "their type.",
)
UNMATCHED_KEY: Final = _warning(
    "K309",
    "unmatched-key",
    "A key of rows matches the Id of no imported object. The object was not imported, or the key was damaged: spreadsheets "
    "drop leading zeros, exports add white space.\n\n"
    "Such a row may belong to any object, so no list of these rows is known, and policies that need one are UNDETERMINED. "
    "The lists stay known if all keys and Ids are AWS account numbers of twelve digits. Correct the keys, or import the "
    "missing objects.",
)
LIST_CONTRADICTED: Final = _warning(
    "K311",
    "list-spoken-against",
    "An object lists its children itself, perhaps as an empty list, and other rows name it as their owner, too.\n\n"
    "Its list is unknown, and policies that need it are UNDETERMINED. Correct or remove one of the inputs.",
)
REPEATED_ID: Final = _warning(
    "K312",
    "repeated-id",
    "Objects in the child lists of different objects have the same Id, such as the name of a region in each account. They "
    "have different owners, so they are stored separately, and their Ids are prefixed with the owner's Id and a slash.\n\n"
    "If rows of tables name such an object by its short Id, the owner is unknown. Write Ids that are unique in all data: "
    "`111122223333/eu-west-1`.",
)
NOT_CLAIMED: Final = _warning(
    "K313",
    "not-claimed",
    "Objects do not list their children, and no input claims to have all of them. Missing children may have been filtered "
    "or denied, so absence proves nothing.\n\n"
    "Policies that need such a list are UNDETERMINED. State with `--complete` of which scope the input has every object: "
    "`all`, an account, or `account/region`. A credential report claims the users of its accounts by itself. A claim about "
    "another tool's output includes the lists of its objects, unless an input has an object of their type without its list.",
)

OTHER_ACCOUNT: Final = _warning(
    "K314",
    "other-account",
    "The declared owner of objects is another account than the one in their Ids. Some listings show what another account owns: "
    "shared subnets, images, keys.\n\n"
    "The declared owner is the account of the object in every report, filter and waiver.",
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
    LIST_CONTRADICTED,
    REPEATED_ID,
    NOT_CLAIMED,
    OTHER_ACCOUNT,
)
"""All rules of imports."""

REPEATED_BY_VERDICTS: Final = (RELATION_NOT_FOLLOWED.code, NOT_CLAIMED.code)
"""Codes whose content also appears as the reason of verdicts."""
