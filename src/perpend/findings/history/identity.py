"""Compute the stable id of a finding: policy lineage, object type, object Id, and incarnation of the object.

Verdicts and their texts are no part of it, nor is the account, which some inputs do not state.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

from perpend.language.program.program import Expr, constant_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.core.objects.object_types import ObjectType
    from perpend.language.program.program import Block, Outcome, Program

_PREFIX: Final = "perpend-finding-1"
_LENGTH: Final = 32

_BORN_IN: Final = {"CA10__CaAwsUser__c": ("CA10__credReportAttributesJson__c", "user_creation_time")}
"""Types whose objects say in a JSON document when they were made: the field, and the key in it."""

_BORN_WORDS: Final = frozenset(
    ("creationtime", "creationdate", "createdate", "createtime", "createdtime", "createddate", "createdat", "created")
)


def finding_id(lineage: str, type_name: str, object_id: str, incarnation: int = 1) -> str:
    """Return the permanent id of a finding. ``incarnation`` counts the objects that had the same Id one after another."""
    parts = [_PREFIX, lineage, type_name, object_id, *([str(incarnation)] if incarnation > 1 else [])]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:_LENGTH]


def finding_id_sql(lineage: str, type_name: str, object_id: str, incarnation: str) -> str:
    """Return the same id as an SQL expression over four others."""
    parts = [f"'{_PREFIX}'", lineage, type_name, object_id]
    suffix = f"CASE WHEN {incarnation} > 1 THEN chr(0) || CAST({incarnation} AS VARCHAR) ELSE '' END"
    return f"left(sha256({' || chr(0) || '.join(parts)} || {suffix}), {_LENGTH})"


def birth_place(declared: ObjectType) -> tuple[str, str | None] | None:
    """Return the field with the creation time of an object, and the key in it if the field is a JSON document."""
    if declared.name in _BORN_IN:
        return _BORN_IN[declared.name]
    for name in declared.fields:
        words = (name.partition("__")[2].removesuffix("__c") or name).replace("_", "").lower()
        if words in _BORN_WORDS:
            return name, None
    return None


def lineage_of(policy_id: str, renames: Mapping[str, str]) -> str:
    """Return the first id that a policy had. ``renames`` maps current ids to former ids."""
    seen = {policy_id}
    while (former := renames.get(policy_id)) is not None and former not in seen:
        policy_id = former
        seen.add(former)
    return policy_id


def program_hash(program: Program) -> str:
    """Return a hash of the meaning of a program; texts, comments and the order of keys do not change it."""
    types = [
        [
            object_type.name,
            object_type.deletion_field,
            sorted((field.name, field.kind) for field in object_type.fields.values()),
            sorted((lookup.name, lookup.target, lookup.key) for lookup in object_type.lookups.values()),
            sorted((child.name, child.type_name, child.key) for child in object_type.children.values()),
        ]
        for _, object_type in sorted(program.types.by_name.items())
    ]
    return _hash(["program-2", _of_block(program.block, {}), types])


def _of_block(block: Block, known: dict[int, str]) -> list[object]:
    conditions = [
        [_of_expression(condition.expression, known), _of_outcome(condition.outcome)] for condition in block.conditions
    ]
    related = [[path, _of_block(inner, known)] for path, inner in sorted(block.related.items())]
    return [block.type.name, sorted(block.record_types), conditions, _of_outcome(block.otherwise), related]


def _of_outcome(outcome: Outcome) -> str:
    return outcome.status.value


def _of_expression(expression: Expr, known: dict[int, str]) -> str:
    digest = known.get(id(expression))
    if digest is None:
        arguments = [[name, _of_argument(value, known)] for name, value in sorted(expression.arguments.items())]
        checks = [[check.declaration.key, check.delegate] for check in expression.checks]
        extract = expression.extract
        body = [extract.lookups, extract.type_name, _of_expression(extract.body, known)] if extract else None
        parts = [expression.operation.name, expression.type.value, arguments, checks, body, expression.deletion_field]
        digest = known[id(expression)] = _hash(parts)
    return digest


def _of_argument(value: object, known: dict[int, str]) -> object:
    if isinstance(value, tuple):
        return [_of_argument(one, known) for one in value]
    if isinstance(value, Expr):
        return _of_expression(value, known)
    return constant_text(value)


def _hash(document: object) -> str:
    return hashlib.sha256(json.dumps(document, ensure_ascii=True).encode()).hexdigest()[:_LENGTH]
