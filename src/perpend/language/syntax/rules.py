"""Diagnostics of a file's form. Each rule is a page of ``perpend explain-code``."""

from __future__ import annotations

from perpend.core.diagnostics.model import Rule, Severity

_DECLARED: list[Rule] = []


def _error(code: str, name: str, page: str) -> Rule:
    _DECLARED.append(Rule(code, name, Severity.ERROR, page))
    return _DECLARED[-1]


UNREADABLE_FILE = _error(
    "L101",
    "unreadable-file",
    "The file cannot be read: it is no regular file, or permissions forbid it.\n\nMake it an ordinary file that you may read.",
)
FILE_TOO_LARGE = _error(
    "L102",
    "file-too-large",
    "The file is larger than Perpend reads of its kind. Policy repositories are untrusted input, so every size is bounded.\n\n"
    "Split the file; test data can be spread over several files of one logic.",
)
NOT_UTF8 = _error("L103", "not-utf-8", "The file is not UTF-8 text.\n\nSave it as UTF-8 without a byte order mark of UTF-16.")
LINK_LEAVES_REPOSITORY = _error(
    "L104",
    "link-leaves-repository",
    "A symbolic link points out of the repository. Nothing outside is ever read.\n\nCopy the target into the repository.",
)
LINK_LOOPS = _error(
    "L105", "link-loops", "A symbolic link leads back to itself or to a directory above it.\n\nRemove the link."
)
TREE_TOO_LARGE = _error(
    "L106",
    "tree-too-large",
    "The repository has more files, deeper directories or more links to directories than Perpend walks. What lies beyond "
    "is not read.\n\nFlatten the directories, or copy what the links lead to.",
)
YAML_SYNTAX = _error("L110", "yaml-syntax", "The file is not well-formed YAML.\n\nMend the syntax at the place shown.")
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
    "The file holds, or its aliases unfold to, more values than Perpend reads.\n\nUse fewer aliases, or split the file.",
)
RECURSIVE_ANCHOR = _error(
    "L114", "recursive-anchor", "An alias refers to the value that contains it.\n\nWrite the value out instead."
)
UNKNOWN_TAG = _error(
    "L115",
    "unknown-tag",
    "A YAML tag asks for a type that plain data does not have. Tags never create objects.\n\nRemove the tag.",
)
DUPLICATE_KEY = _error(
    "L116", "duplicate-key", "A mapping has the same key twice; one of the values would be lost.\n\nKeep one of them."
)
EMPTY_FILE = _error("L117", "empty-file", "The file holds nothing.\n\nFill in the keys that its kind requires, or delete it.")
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
    "The value is of another kind than the key takes: a list where a text belongs, a text where a number belongs.\n\n"
    "Write the value in the form that the message names.",
)
UNKNOWN_CHOICE = _error(
    "L123", "unknown-choice", "The value is none of those that the key allows.\n\nTake one of the values listed."
)
UNKNOWN_OPERATION = _error(
    "L124", "unknown-operation", "No operation has this name.\n\n`perpend list operations` shows all of them."
)
NOT_ONE_OPERATION = _error(
    "L125",
    "not-one-operation",
    "Where an operation belongs there must be a mapping with exactly one key, the operation's name.\n\n"
    "Combine several with `AND` or `OR`.",
)
INVALID_CONSTANT = _error(
    "L126",
    "invalid-constant",
    "A constant cannot be what it claims: no such day, no such duration, no such time.\n\nCorrect the constant.",
)
NO_ARGUMENTS = _error("L127", "no-arguments", "The list of arguments is empty.\n\nGive at least one.")
MISSING_DESCRIPTOR = _error(
    "L130",
    "missing-descriptor",
    "Every directory below `/ce` is a folder or a policy, every directory below `/frameworks` a section; this one says "
    "neither.\n\nAdd `folder.yaml`, `policy.yaml` or `section.yaml`.",
)
TWO_DESCRIPTORS = _error(
    "L131", "two-descriptors", "A directory is a folder or a policy, not both.\n\nRemove one of the descriptors."
)
PATH_LEAVES_REPOSITORY = _error(
    "L132", "path-leaves-repository", "A path leads out of the repository.\n\nRefer to a file of the repository."
)
MISSING_FILE = _error(
    "L133", "missing-file", "The file that is referred to does not exist.\n\nCorrect the path or add the file."
)
NOT_EXTRACTS = _error(
    "L134",
    "not-an-extracts-file",
    "Only `/types/<Type>/<name>.extracts.yaml` can be imported.\n\nMove the extracts to a file of that name.",
)
JSON_SYNTAX = _error("L140", "json-syntax", "The file is not JSON.\n\nMend the syntax at the place shown.")
NOT_TEST_DATA = _error(
    "L141",
    "not-test-data",
    "Test data is a JSON array of objects.\n\nWrap the objects in `[` and `]`.",
)
MISSING_EXPECTATION = _error(
    "L142",
    "missing-expectation",
    "A test object does not say what is expected of it, so the test could never fail.\n\n"
    "Add `expectedResult` with `status`, `conditionIndex`, `conditionText` and `runtimeError`.",
)

IMPOSSIBLE_EXPECTATION = _error(
    "L143",
    "impossible-expectation",
    "A test expects what no verdict can be: a status that does not exist, an index that is no number, or a snapshot taken "
    "at no time. The test could never pass.\n\n"
    "Take one of the five statuses; write the index as digits and the time in ISO 8601.",
)
NOT_MAPPING_TABLE = _error(
    "L144",
    "not-a-mapping-table",
    "`internal-id-map.json` is a JSON object of paths by internal id, `internal-rule-sections.json` one of lists of internal "
    "ids by rule. What has another form leads no policy to a section.\n\n"
    "Write the value in the form that the message names.",
)
MISLEADING_RENAME = _error(
    "L150",
    "misleading-rename",
    "`renames.yaml` says what policies were called before, so that findings keep their history. An entry contradicts the "
    "repository or another entry: its former id is still a policy, its new one is none, or two entries claim one id. The entry "
    "is left out, and a finding whose policy is not known again begins anew.\n\n"
    "Name as `from` the id that the policy had, as `to` the one that it has now. A policy that was split or merged stands "
    "under `retired`; what came of it is new.",
)

RULES: tuple[Rule, ...] = tuple(_DECLARED)
"""All rules of this package, by code."""
