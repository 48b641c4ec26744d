"""The shape of every file kind. The reader, the checks and the JSON Schemas are derived from the shapes."""

from __future__ import annotations

from dataclasses import field

from perpend.core.dataclass import dataclass
from perpend.core.objects.object_types import FIELD_TYPES
from perpend.core.objects.status import Status
from perpend.language.program.parameters import Looser, ParameterKind
from perpend.language.syntax.tools import TOOLS


@dataclass(frozen=True, slots=True)
class Text:
    """A text; ``filled`` forbids a blank one. Numbers and booleans are not texts. ``inserts``: takes values of parameters."""

    filled: bool = False
    inserts: bool = False


@dataclass(frozen=True, slots=True)
class IdShape:
    """An id of another tool: a text of a given form, a regular expression with an example."""

    pattern: str
    example: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the given texts."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChoiceByName:
    """One of the given texts, for everything, or for some things by name."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flag:
    """``true`` or ``false``."""


@dataclass(frozen=True, slots=True)
class CountShape:
    """A whole number of at least 1."""


@dataclass(frozen=True, slots=True)
class Items:
    """A list of one shape. ``distinct`` forbids two equal texts."""

    of: Shape
    filled: bool = False
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class TextMap:
    """A mapping of texts to texts."""


@dataclass(frozen=True, slots=True)
class ScalarMap:
    """A mapping of texts to texts, numbers and booleans."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, an integer, or a list of them."""


@dataclass(frozen=True, slots=True)
class ScalarShape:
    """A text that is not blank, a number, or a boolean."""


@dataclass(frozen=True, slots=True)
class OperationShape:
    """An operation: a mapping with the operation's name as its only key."""


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """One key of a record. ``aliases`` are its spellings in other dialects."""

    name: str
    shape: Shape
    doc: str
    required: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """A mapping with the given keys and no others. ``recursive`` names a key with a list of the same record.

    ``lacks`` maps keys that authors may expect to the keys to use instead.
    """

    name: str
    doc: str
    keys: tuple[Key, ...] = field(default=())
    recursive: str | None = None
    lacks: tuple[tuple[str, str], ...] = ()


Shape = (
    Text
    | IdShape
    | Choice
    | ChoiceByName
    | Flag
    | CountShape
    | Items
    | TextMap
    | ScalarMap
    | Literal
    | ScalarShape
    | OperationShape
    | Record
)

_TEXTS = Items(Text(filled=True))
_NAMES = Record(
    "names",
    "The names of the entity.",
    (
        Key("full", Text(filled=True), "The full name, to be shown on its own.", required=True),
        Key("contextual", Text(filled=True), "The short name, to be shown below its path.", required=True),
    ),
)
_NAMED_LINK = (
    Key("name", Text(filled=True), "The rule's name in the other tool.", required=True),
    Key("url", Text(filled=True), "Its page.", required=True),
)
_SIMILAR_POLICIES = Record(
    "similarPolicies",
    "Equivalent rules of other tools.",
    (
        Key("internal", _TEXTS, "Ids of internal rules."),
        Key(
            "cloudConformity",
            Items(Record("cloudConformity", "A Trend Micro Conformity rule.", _NAMED_LINK)),
            "Conformity rules.",
        ),
        Key(
            "awsTrustedAdvisor",
            Items(
                Record(
                    "awsTrustedAdvisor",
                    "An AWS Trusted Advisor check.",
                    (Key("checkId", Text(filled=True), "The check's id.", required=True), *_NAMED_LINK),
                )
            ),
            "Trusted Advisor checks.",
        ),
        Key(
            "awsSecurityHub",
            Items(Record("awsSecurityHub", "An AWS Security Hub control.", _NAMED_LINK)),
            "Security Hub controls.",
        ),
        *(
            Key(tool.key, Items(IdShape(tool.pattern, tool.example), distinct=True), f"Ids of checks of {tool.name}.")
            for tool in TOOLS
        ),
    ),
)
_PARAMETER = Record(
    "parameter",
    "A value of the policy that a project may set.",
    (
        Key("name", Text(filled=True), "Its name: small letters, digits and hyphens.", required=True),
        Key("description", Text(filled=True), "The meaning of the value.", required=True),
        Key("type", Choice(tuple(ParameterKind)), "The type of the value.", required=True),
        Key("default", Literal(), "The value unless a project sets one: that of the benchmark.", required=True),
        Key("minimum", Literal(), "The smallest integer."),
        Key("maximum", Literal(), "The largest integer."),
        Key("allowed", Literal(), "The list of allowed values, or of allowed entries of a list."),
        Key(
            "looser",
            Choice(tuple(Looser)),
            "The values that accept more than another: higher numbers and longer lists, or lower and shorter ones.",
        ),
        Key(
            "benchmarks",
            Items(
                Record(
                    "benchmark",
                    "The value of a requirement.",
                    (
                        Key("section", Text(filled=True), "The id of a framework or section.", required=True),
                        Key("value", Literal(), "Its value.", required=True),
                    ),
                )
            ),
            "Requirements whose value is not the default.",
        ),
    ),
)
FOLDER = Record("folder", "A folder of policies.", (Key("names", _NAMES, "The folder's names.", required=True),))
POLICY = Record(
    "policy",
    "A policy: a requirement on the objects of a cloud estate.",
    (
        Key("names", _NAMES, "The policy's names.", required=True),
        Key("description", Text(), "The requirement, in a sentence or two.", required=True),
        Key("impossible", Flag(), "The policy cannot be automated."),
        Key("type", Choice(("COMPLIANCE_POLICY", "BEST_PRACTICE")), "The kind of policy."),
        Key("categories", Items(Choice(("SECURITY", "RELIABILITY", "PERFORMANCE", "COST"))), "The goals of the policy."),
        Key("frameworkMappings", _TEXTS, "Ids of the framework sections that it belongs to."),
        Key("frameworkIgnoreMappings", _TEXTS, "Ids of sections that do not inherit the policy."),
        Key("similarPolicies", _SIMILAR_POLICIES, "Equivalent rules of other tools."),
        Key("tags", _TEXTS, "Free words."),
        Key("parameters", Items(_PARAMETER), "Values that projects may set."),
    ),
)
_SIMILAR_SECTIONS = Record(
    "similar",
    "Equivalent sections and controls.",
    (
        Key("sections", _TEXTS, "Ids of sections whose policies also belong here."),
        Key("internal", _TEXTS, "Internal ids of this section."),
        Key(
            "awsSecurityHub",
            Record(
                "awsSecurityHub", "A Security Hub control.", (Key("controlUrl", Text(filled=True), "Its page.", required=True),)
            ),
            "The control of AWS Security Hub.",
        ),
    ),
)
SECTION = Record(
    "section",
    "A section of a framework; the topmost is the framework itself.",
    (
        Key("name", Text(filled=True), "The section's name.", required=True),
        Key("description", Text(), "The requirement of the section."),
        Key("singlePolicyOnly", Flag(), "More than one policy here is a mistake."),
        Key("similar", _SIMILAR_SECTIONS, "Equivalent sections and controls."),
    ),
)
RULE = Record(
    "rule",
    "An internal rule.",
    (
        Key("name", Text(filled=True), "The rule's name.", required=True),
        Key("description", Text(), "The requirement."),
        Key("references", _TEXTS, "Sources of the rule."),
        Key(
            "code",
            Items(
                Record(
                    "code",
                    "A piece of code.",
                    (Key("type", Text(), "Its language.", required=True), Key("text", Text(), "The code.", required=True)),
                )
            ),
            "Code that implements it.",
        ),
        Key("attributes", TextMap(), "Further facts."),
    ),
)
EXTRACTS = Record(
    "extracts",
    "Named values of the objects of one type.",
    (
        Key(
            "extracts",
            Items(
                Record(
                    "extract",
                    "One named value.",
                    (
                        Key("name", Text(filled=True), "The name to refer to it.", required=True),
                        Key("value", OperationShape(), "The operation that computes it.", required=True),
                    ),
                )
            ),
            "The extracts of this file.",
            required=True,
        ),
    ),
)
_OUTCOME = (
    Key("status", Choice(tuple(Status)), "The object's status.", required=True),
    Key("currentStateMessage", Text(inserts=True), "The current state, for the reader of the verdict.", required=True),
    Key("remediationMessage", Text(inserts=True), "How to fix it; for INCOMPLIANT."),
)
_FILE_REFERENCE = (
    Key("file", Text(filled=True), "A path relative to this file, or from the root with a leading slash.", required=True),
)
_BLOCK = (
    Key("recordTypes", _TEXTS, "Names of the record types to evaluate; all when absent."),
    Key(
        "importExtracts",
        Items(Record("importExtracts", "An import.", _FILE_REFERENCE)),
        "Files of extracts used here and below.",
    ),
    Key(
        "conditions",
        Items(
            Record(
                "condition",
                "A condition, and the outcome if it is the first that is true.",
                (*_OUTCOME, Key("check", OperationShape(), "The operation to check.", required=True, aliases=("condition",))),
            )
        ),
        "The conditions, tried in order.",
        required=True,
    ),
    Key(
        "otherwise",
        Record("otherwise", "The outcome if no condition is true.", _OUTCOME),
        "The outcome if no condition is true.",
        required=True,
    ),
)
RELATED_LIST = Record(
    "relatedList",
    "The rules for the objects of a related list.",
    (
        Key("relationshipName", Text(filled=True), "The child relationship, after any lookups.", required=True),
        *_BLOCK,
    ),
    recursive="relatedLists",
)
LOGIC = Record(
    "logic",
    "The rules of a policy for the objects of one type.",
    (
        Key("inputType", Text(filled=True), "API name of the object type.", required=True, aliases=("inputObject",)),
        Key("testData", Items(Record("testData", "A file of test objects.", _FILE_REFERENCE)), "The logic's tests."),
        *_BLOCK,
        Key("relatedLists", Items(RELATED_LIST), "The related lists that conditions use."),
    ),
)
TYPE = Record(
    "type",
    "An object type: its fields, lookups and related lists.",
    (
        Key("label", Text(filled=True), "The display name.", required=True),
        Key("description", Text(), "The description."),
        Key("nameField", Text(filled=True), "The field with an object's name."),
        Key("externalIdField", Text(filled=True), "The field with its id at the provider."),
        Key("master", Text(filled=True), "The lookup to its owner, such as the account."),
        Key(
            "deletionField",
            Text(filled=True),
            "The field that is set after an object has disappeared; `none` if there is none.",
        ),
        Key("inUse", Text(filled=True), "The child list, or the field, that is not empty for objects in use."),
        Key(
            "fields",
            Items(
                Record(
                    "field",
                    "A field.",
                    (
                        Key("name", Text(filled=True), "API name.", required=True),
                        Key("type", Choice(tuple(FIELD_TYPES)), "The type of its values.", required=True),
                        Key("label", Text(), "The display name."),
                        Key("description", Text(), "The meaning of the field."),
                    ),
                )
            ),
            "The fields.",
        ),
        Key(
            "lookups",
            Items(
                Record(
                    "lookup",
                    "A reference to one object.",
                    (
                        Key("name", Text(filled=True), "The lookup, `…__r`.", required=True),
                        Key("target", Text(filled=True), "API name of the target object type.", required=True),
                        Key("key", Text(filled=True), "The field with the other object's Id.", required=True),
                    ),
                )
            ),
            "The lookups.",
        ),
        Key(
            "children",
            Items(
                Record(
                    "children",
                    "A list of child objects.",
                    (
                        Key("name", Text(filled=True), "The relationship, `…__r`.", required=True),
                        Key("type", Text(filled=True), "API name of the children's type.", required=True),
                        Key("key", Text(filled=True), "The child's field with this object's Id.", required=True),
                        Key(
                            "wholeKey",
                            Flag(),
                            "In the cloud's answers the key is the whole Id of one object, wherever that is.",
                        ),
                    ),
                )
            ),
            "The child relationships.",
        ),
    ),
)

REPOSITORY_KINDS: dict[str, Record] = {
    "policy": POLICY,
    "logic": LOGIC,
    "extracts": EXTRACTS,
    "folder": FOLDER,
    "section": SECTION,
    "type": TYPE,
    "rule": RULE,
}
"""The kinds of YAML files in a repository, by the name of their schemas."""
