"""The entities of a repository as written, each text with its place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass
from perpend.core.objects.ids import framework_of, type_of_extracts
from perpend.core.objects.object_types import Children, Field, Lookup, ObjectType, current_name
from perpend.core.objects.status import Status
from perpend.language.program.parameters import values_in_use
from perpend.language.syntax import rules
from perpend.language.syntax.calls import Call, modernise
from perpend.language.syntax.parameters import parameters_from
from perpend.language.syntax.policy_parameters import PolicyParameters
from perpend.language.syntax.tools import TOOLS, ToolCheck

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perpend.core.diagnostics.model import Diagnostic, Span
    from perpend.language.program.parameters import DeclaredParameter, ParameterValue, Value
    from perpend.language.syntax.read import Fields, Placed


@dataclass(frozen=True, slots=True)
class DocumentNames:
    """A full name, and a short one to show below a visible path."""

    full: str
    contextual: str


@dataclass(frozen=True, slots=True)
class NamedLink:
    """A rule of another tool: its name, its page, and its id there (empty if it has none)."""

    name: str
    url: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Folder:
    """A ``folder.yaml``."""

    id: str
    names: DocumentNames


@dataclass(frozen=True, slots=True)
class Policy:
    """A ``policy.yaml``. ``logics`` lists the ids of its logic files; the production one ends in ``/prod.logic.yaml``.

    ``values`` are those of its parameters that are in use. Names and description hold them already.
    """

    id: str
    names: DocumentNames
    description: str
    impossible: bool
    kind: str | None
    categories: tuple[str, ...]
    mappings: tuple[Placed, ...]
    ignored_mappings: tuple[Placed, ...]
    similar_internal: tuple[str, ...]
    similar_conformity: tuple[NamedLink, ...]
    similar_trusted_advisor: tuple[NamedLink, ...]
    similar_security_hub: tuple[NamedLink, ...]
    similar_checks: tuple[ToolCheck, ...]
    tags: tuple[str, ...]
    logics: tuple[str, ...]
    parameters: tuple[DeclaredParameter, ...] = ()
    values: tuple[ParameterValue, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A ``section.yaml``. The framework is the topmost section of its path."""

    id: str
    name: str
    description: str
    single_policy_only: bool
    similar_sections: tuple[Placed, ...]
    similar_internal: tuple[str, ...]
    security_hub_url: str | None

    @property
    def framework(self) -> str:
        """The id of the section's framework."""
        return framework_of(self.id)


@dataclass(frozen=True, slots=True)
class WrittenExtract:
    """One extract; ``value`` is None if it could not be read."""

    name: str
    value: Call | None
    span: Span


@dataclass(frozen=True, slots=True)
class Extracts:
    """A file of extracts, and the object type of its directory."""

    id: str
    type_name: str
    extracts: tuple[WrittenExtract, ...]


@dataclass(frozen=True, slots=True)
class WrittenOutcome:
    """``status``, message and remediation of a condition or of ``otherwise``; ``span`` is the place of ``status``."""

    status: Status
    message: Placed
    remediation: Placed | None
    span: Span


@dataclass(frozen=True, slots=True)
class WrittenCondition:
    """A condition. ``check`` and ``outcome`` are None if they could not be read. ``span`` is the place of its check."""

    outcome: WrittenOutcome | None
    check: Call | None
    span: Span


@dataclass(frozen=True, slots=True)
class WrittenBlock:
    """Conditions over one type of objects. ``relationship`` is None at the top of a logic file."""

    relationship: Placed | None
    conditions: tuple[WrittenCondition, ...]
    otherwise: WrittenOutcome | None
    record_types: tuple[str, ...]
    imports: tuple[Placed, ...]
    related: tuple[WrittenBlock, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Logic:
    """A ``*.logic.yaml``. ``policy_id`` is its directory; ``written_type`` is the input type as written.

    ``parameters`` are the names of the policy's parameters that its operations refer to.
    """

    id: str
    policy_id: str
    input_type: Placed
    test_data: tuple[Placed, ...]
    block: WrittenBlock
    written_type: str = ""
    parameters: frozenset[str] = frozenset()


def names_from(fields: Fields) -> DocumentNames:
    """Return the names of a record."""
    names = fields.get("names")
    return DocumentNames(names.text("full", ""), names.text("contextual", "")) if names else DocumentNames("", "")


def policy_from(
    entity: str, fields: Fields, logics: tuple[str, ...], settings: Mapping[str, Value], diagnostics: list[Diagnostic]
) -> Policy:
    """Return the policy in a record. ``settings`` are the values of its parameters that a project sets."""
    declared = parameters_from(fields.records("parameters"), diagnostics)
    values = values_in_use(declared, settings)
    for parameter, value in zip(declared, values, strict=True):
        if parameter.span is not None and not value.is_default and (reason := parameter.problem(value.value)):
            diagnostics.append(rules.INVALID_PARAMETER.at(parameter.span, f"the project's `{parameter.name}`: {reason}"))
    by_name = {value.name: value.value for value in values}
    similar = fields.get("similarPolicies")

    def links(key: str) -> tuple[NamedLink, ...]:
        links = similar.records(key) if similar else ()
        return tuple(NamedLink(link.text("name", ""), link.text("url", ""), link.text("checkId", "")) for link in links)

    parameters = PolicyParameters(lambda: by_name, set())

    def text(record: Fields | None, key: str) -> str:
        placed = record.get(key) if record is not None else None
        return parameters.inserted(placed.value, placed.span, diagnostics) if placed is not None else ""

    names = fields.get("names")
    return Policy(
        entity,
        DocumentNames(text(names, "full"), text(names, "contextual")),
        text(fields, "description").strip(),
        bool(fields.text("impossible", False)),
        fields.text("type"),
        bare(fields.texts("categories")),
        fields.texts("frameworkMappings"),
        fields.texts("frameworkIgnoreMappings"),
        bare(similar.texts("internal")) if similar else (),
        links("cloudConformity"),
        links("awsTrustedAdvisor"),
        links("awsSecurityHub"),
        tuple(ToolCheck(tool, item.value) for tool in TOOLS for item in similar.texts(tool.key)) if similar else (),
        bare(fields.texts("tags")),
        logics,
        declared,
        values,
    )


def section_from(entity: str, fields: Fields) -> Section:
    """Return the section in a record."""
    similar = fields.get("similar")
    hub = similar.get("awsSecurityHub") if similar else None
    return Section(
        entity,
        fields.text("name", ""),
        fields.text("description", "").strip(),
        bool(fields.text("singlePolicyOnly", False)),
        similar.texts("sections") if similar else (),
        bare(similar.texts("internal")) if similar else (),
        hub.text("controlUrl") if hub else None,
    )


def extracts_from(entity: str, fields: Fields) -> Extracts:
    """Return the extracts in a record, without those that have no name."""
    extracts = tuple(
        WrittenExtract(record.text("name"), record.get("value"), record["name"].span)
        for record in fields.records("extracts")
        if record.get("name") is not None
    )
    return Extracts(entity, current_name(type_of_extracts(entity)), extracts)


def logic_from(entity: str, fields: Fields, parameters: frozenset[str] = frozenset()) -> Logic | None:
    """Return the logic in a record, None without an input type. ``parameters`` are those that it refers to."""
    if fields.get("inputType") is None:
        return None
    newer = "inputObject" not in fields.aliases
    block = _block(fields, None, newer=newer)
    written = fields["inputType"]
    input_type = replace(written, value=current_name(written.value))
    return Logic(entity, entity.rpartition("/")[0], input_type, _files(fields, "testData"), block, written.value, parameters)


def object_type_from(entity: str, fields: Fields) -> ObjectType:
    """Return the object type in a record."""

    def named(key: str) -> tuple[Fields, ...]:
        return tuple(record for record in fields.records(key) if record.get("name") is not None)

    return ObjectType(
        current_name(entity.rpartition("/")[2]),
        fields.text("label", ""),
        {
            record.text("name"): Field(
                record.text("name"), record.text("type", "text"), record.text("label", ""), record.text("description", "")
            )
            for record in named("fields")
        },
        {
            record.text("name"): Lookup(record.text("name"), current_name(record.text("target", "")), record.text("key", ""))
            for record in named("lookups")
        },
        {
            record.text("name"): Children(
                record.text("name"),
                current_name(record.text("type", "")),
                record.text("key", ""),
                bool(record.text("wholeKey", False)),
            )
            for record in named("children")
        },
        fields.text("deletionField"),
        fields.text("master"),
        fields.text("nameField"),
        fields.text("externalIdField"),
        declared=True,
        description=" ".join(fields.text("description", "").split()),
        in_use=fields.text("inUse"),
    )


def bare(placed: tuple[Placed, ...]) -> tuple[str, ...]:
    """Return placed texts without their places."""
    return tuple(item.value for item in placed)


def _files(fields: Fields, key: str) -> tuple[Placed, ...]:
    return tuple(record["file"] for record in fields.records(key) if record.get("file") is not None)


def _block(fields: Fields, relationship: Placed | None, *, newer: bool) -> WrittenBlock:
    def check(record: Fields) -> Call | None:
        call = record.get("check")
        return modernise(call) if newer and call is not None else call

    return WrittenBlock(
        relationship,
        tuple(
            WrittenCondition(_outcome(record), check(record), record.key_spans.get("check", record.span))
            for record in fields.records("conditions")
        ),
        _outcome(fields["otherwise"]) if fields.get("otherwise") is not None else None,
        bare(fields.texts("recordTypes")),
        _files(fields, "importExtracts"),
        tuple(
            _block(record, record["relationshipName"], newer=newer)
            for record in fields.records("relatedLists")
            if record.get("relationshipName") is not None
        ),
        fields.span,
    )


def _outcome(record: Fields) -> WrittenOutcome | None:
    status, message = record.get("status"), record.get("currentStateMessage")
    if status is None or message is None:
        return None
    return WrittenOutcome(Status(status.value), message, record.get("remediationMessage"), status.span)


_UNIT_TESTS = "/ce/unit-test/"


def is_unit_test(logic: Logic) -> bool:
    """Whether a logic file tests operations and evaluates no objects."""
    return logic.id.startswith(_UNIT_TESTS) or any(call.operation.name == "UNIT_TEST" for call in calls_in(logic.block))


def calls_in(block: WrittenBlock) -> Iterator[Call]:
    """Yield the operations in a block and below it."""
    for condition in block.conditions:
        if condition.check is not None:
            yield from calls_below(condition.check)
    for related in block.related:
        yield from calls_in(related)


def calls_below(call: Call) -> Iterator[Call]:
    """Yield an operation and those inside it."""
    yield call
    for value in call.arguments.values():
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Call):
                yield from calls_below(part)
