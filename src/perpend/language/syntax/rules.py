"""Diagnostics of a file's form. Each rule is a page of ``perpend rule``."""

from __future__ import annotations

from perpend.core.diagnostics.model import Rule, Severity

_DECLARED: list[Rule] = []


def _error(code: str, name: str, page: str) -> Rule:
    _DECLARED.append(Rule(code, name, Severity.ERROR, page))
    return _DECLARED[-1]


UNREADABLE_FILE = _error(
    "L101",
    "unreadable-file",
    "The file cannot be read: it is not a regular file, or permissions forbid it.\n\nMake it a regular file that you may read.",
)
FILE_TOO_LARGE = _error(
    "L102",
    "file-too-large",
    "The file exceeds the size limit of its kind. Policy repositories are untrusted input, so every size is limited.\n\n"
    "Split the file; a logic can have several files of test data.",
)
NOT_UTF8 = _error("L103", "not-utf-8", "The file is not UTF-8 text.\n\nSave it as UTF-8 without a byte order mark of UTF-16.")
LINK_LEAVES_REPOSITORY = _error(
    "L104",
    "link-leaves-repository",
    "A symbolic link points out of the repository. Perpend reads no file outside.\n\nCopy the target into the repository.",
)
LINK_LOOPS = _error("L105", "link-loops", "A symbolic link leads to itself or to a directory above it.\n\nRemove the link.")
TREE_TOO_LARGE = _error(
    "L106",
    "tree-too-large",
    "The repository has too many files, too deep directories or too many links to directories. Files beyond the limit are "
    "not read.\n\nFlatten the directories, or replace links by copies of their targets.",
)
YAML_SYNTAX = _error("L110", "yaml-syntax", "The file is not well-formed YAML.\n\nFix the syntax at the place shown.")
SEVERAL_DOCUMENTS = _error(
    "L111",
    "several-documents",
    "The file holds more than one YAML document. Each file is one entity.\n\nKeep one document; a `---` at the top is fine.",
)
NESTED_TOO_DEEPLY = _error(
    "L112",
    "nested-too-deeply",
    "Mappings and lists are nested deeper than any real policy needs.\n\nFlatten the structure, or move parts to extracts.",
)
TOO_MANY_VALUES = _error(
    "L113",
    "too-many-values",
    "The file has too many values, its unfolded aliases included.\n\nUse fewer aliases, or split the file.",
)
RECURSIVE_ANCHOR = _error(
    "L114", "recursive-anchor", "An alias refers to the value that contains it.\n\nWrite the value out instead."
)
UNKNOWN_TAG = _error(
    "L115",
    "unknown-tag",
    "A YAML tag names a type that plain data does not have. Tags never create objects.\n\nRemove the tag.",
)
DUPLICATE_KEY = _error(
    "L116", "duplicate-key", "A mapping has the same key twice; one of the values would be lost.\n\nKeep one of them."
)
REPEATED_ITEM = _error("L118", "repeated-item", "A list has an item twice, though each counts once.\n\nKeep one of them.")
EMPTY_FILE = _error("L117", "empty-file", "The file is empty.\n\nAdd the keys that its kind requires, or delete the file.")
UNKNOWN_KEY = _error(
    "L120",
    "unknown-key",
    "The key does not belong here. Unknown keys are errors, because a misspelt key would silently do nothing.\n\n"
    "Correct the spelling or remove the key.",
)
MISSING_KEY = _error("L121", "missing-key", "A key that is required here is absent.\n\nAdd it.")
WRONG_KIND = _error(
    "L122",
    "wrong-kind",
    "The value has the wrong kind for its key: a list instead of a text, or a text instead of a number.\n\n"
    "Write the value in the form that the message names.",
)
UNKNOWN_CHOICE = _error("L123", "unknown-choice", "The key does not allow this value.\n\nUse one of the values listed.")
UNKNOWN_OPERATION = _error(
    "L124", "unknown-operation", "No operation has this name.\n\n`perpend list operations` shows all of them."
)
NOT_ONE_OPERATION = _error(
    "L125",
    "not-one-operation",
    "An operation is a mapping with exactly one key, its name.\n\nCombine several with `AND` or `OR`.",
)
INVALID_CONSTANT = _error(
    "L126",
    "invalid-constant",
    "The constant does not exist: there is no such day, duration or time.\n\nWrite a date as `2026-01-31`, a time as "
    "`2026-01-31T12:00:00Z`, a duration as `P30D`.",
)
NO_ARGUMENTS = _error("L127", "no-arguments", "The list of arguments is empty.\n\nGive at least one.")
MISSING_DESCRIPTOR = _error(
    "L130",
    "missing-descriptor",
    "Every directory below `/ce` is a folder or a policy, every directory below `/frameworks` a section. This directory has "
    "no file that declares one.\n\nAdd `folder.yaml`, `policy.yaml` or `section.yaml`.",
)
TWO_DESCRIPTORS = _error(
    "L131", "two-descriptors", "A directory is a folder or a policy, not both.\n\nRemove one of the descriptors."
)
PATH_LEAVES_REPOSITORY = _error(
    "L132", "path-leaves-repository", "A path leads out of the repository.\n\nRefer to a file of the repository."
)
MISSING_FILE = _error("L133", "missing-file", "The referenced file does not exist.\n\nCorrect the path or add the file.")
NOT_EXTRACTS = _error(
    "L134",
    "not-an-extracts-file",
    "Only `/types/<Type>/<name>.extracts.yaml` can be imported.\n\nMove the extracts to a file of that name.",
)
JSON_SYNTAX = _error("L140", "json-syntax", "The file is not JSON.\n\nFix the syntax at the place shown.")
NOT_TEST_DATA = _error(
    "L141",
    "not-test-data",
    "Test data is a JSON array of objects.\n\nWrap the objects in `[` and `]`.",
)
MISSING_EXPECTATION = _error(
    "L142",
    "missing-expectation",
    "A test object has no expected result, so the test could never fail.\n\n"
    "Add `expectedResult` with `status`, `conditionIndex`, `conditionText` and `runtimeError`.",
)

IMPOSSIBLE_EXPECTATION = _error(
    "L143",
    "impossible-expectation",
    "No verdict can match the expectation: its status does not exist, its index is not a number, or its snapshot time is not "
    "a time. The test could never pass.\n\n"
    "Use one of the five statuses; write the index as digits and the time in ISO 8601.",
)
NOT_MAPPING_TABLE = _error(
    "L144",
    "not-a-mapping-table",
    "`internal-id-map.json` maps internal ids to paths, `internal-rule-sections.json` maps rules to lists of internal ids. "
    "Entries of another form are ignored, so they map no policy to a section.\n\n"
    "Write the value in the form that the message names.",
)
MISLEADING_RENAME = _error(
    "L150",
    "misleading-rename",
    "`renames.yaml` lists the former ids of policies, so that findings keep their history. An entry contradicts the repository "
    "or another entry: its former id is still a policy, its new id is not a policy, or two entries claim one id. The entry is "
    "ignored, so the findings of the renamed policy start again as new ones.\n\n"
    "Write the policy's former id as `from` and its current id as `to`. List a policy that was split or merged under "
    "`retired`; its successors are new policies.",
)

INVALID_PARAMETER = _error(
    "L151",
    "invalid-parameter",
    "A policy declares a parameter in a form that cannot be used: its name is used twice or has other characters than small "
    "letters, digits and hyphens, a value has another type than `type`, or a default is out of bounds. The policy is not "
    "evaluated.\n\nWrite a default of the declared type, within `minimum`, `maximum` and `allowed`.",
)
UNKNOWN_PARAMETER = _error(
    "L152",
    "unknown-parameter",
    "`{parameter: name}`, or `{{name}}` in a text, names no parameter of the policy, or stands where no parameter may: it "
    "may stand for a number, a text, a date, a duration or a list of texts in a logic file.\n\n"
    "Declare the parameter in `policy.yaml`, or correct the name.",
)

RULES: tuple[Rule, ...] = tuple(_DECLARED)
"""All rules of this package, by code."""
