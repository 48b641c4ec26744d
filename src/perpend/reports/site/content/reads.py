"""The values that a program reads, as rows: fields with labels and types, lookups, keys, and permissions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from perpend.authoring.testing.executions import blocks_of
from perpend.core.dataclass import dataclass
from perpend.language.compiler.verdicts import checks_of
from perpend.language.program.required_columns import reads_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.core.objects.object_types import ObjectType
    from perpend.language.program.program import Block, Expr, Program, Read
    from perpend.reports.site.content.links import Ref
    from perpend.reports.site.content.site_model import SiteModel

_ACTION: Final = re.compile(
    r"\b([a-z][a-z0-9-]{1,30}:(?:Generate|Get|List|Describe|Head|Lookup|BatchGet|View)[A-Z][A-Za-z0-9]{1,60})\b"
)

_KNOWN: Final = {
    "CA10__credReportAttributesJson__c": ("iam:GenerateCredentialReport", "iam:GetCredentialReport"),
    "CA10__passwordPolicyJson__c": ("iam:GetAccountPasswordPolicy",),
    "CA10__accountSummaryJson__c": ("iam:GetAccountSummary",),
}
"""The permissions that a collector needs to fill a field. Other fields have the permissions that the texts of the checks
name."""


@dataclass(frozen=True, slots=True)
class ReadValue:
    """A value that a program reads: its object, the lookups to it, the field, and the key if the field is JSON.

    ``relationship`` is empty for the object itself. ``field_type`` and ``label`` are empty if no file declares the field.
    """

    relationship: str
    type: Ref
    lookups: tuple[str, ...]
    field: str
    key: str
    field_type: str
    label: str


def readings_of(site_model: SiteModel, program: Program) -> tuple[ReadValue, ...]:
    """Return the values that a program reads, of the object and its related lists, in the order of first use."""
    readings = [_reading(site_model, "", program.block.type, read) for read in program.reads]
    for relationship, block in _related(program.block):
        readings += [_reading(site_model, relationship, block.type, read) for read in reads_of(block)]
    return tuple(dict.fromkeys(readings))


def permissions_of(program: Program) -> tuple[str, ...]:
    """Return the permissions needed to fill the fields: known ones, and those named in the messages of checks."""
    permissions: set[str] = set()
    for block in blocks_of(program.block):
        for read in reads_of(block):
            permissions.update(_KNOWN.get(read.path.rpartition(".")[2], ()))
        for condition in block.conditions:
            for _, _, check, _ in checks_of(condition.expression):
                permissions.update(_ACTION.findall(check.message))
    return tuple(sorted(permissions))


def extracts_of(program: Program) -> dict[tuple[str, str], None]:
    """Return the extracts that a program uses, also through others: file id and name, in order."""
    extracts: dict[tuple[str, str], None] = {}
    for block in blocks_of(program.block):
        for condition in block.conditions:
            extracts |= dict.fromkeys(_extracts(condition.expression))
    return extracts


def _extracts(expression: Expr) -> Iterator[tuple[str, str]]:
    if expression.extract is not None and expression.extract.body.span is not None:
        yield f"/{expression.extract.body.span.path}", str(expression.arguments["path"]).rpartition(".")[2]
    for operand in expression.operands:
        yield from _extracts(operand)


def _related(block: Block) -> Iterator[tuple[str, Block]]:
    for relationship, child in block.related.items():
        yield relationship, child
        yield from ((f"{relationship} → {name}", inner) for name, inner in _related(child))


def _reading(site_model: SiteModel, relationship: str, object_type: ObjectType, read: Read) -> ReadValue:
    *lookups, name = read.path.split(".")
    reached = site_model.analyzer.reached(object_type, lookups)
    declared = reached.fields.get(name)
    return ReadValue(
        relationship,
        site_model.type_ref(reached.name),
        tuple(lookups),
        name,
        read.key or "",
        declared.kind if declared else "",
        declared.label if declared else "",
    )
