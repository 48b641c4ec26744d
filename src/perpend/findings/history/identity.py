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
    return _hash_of(program, _Expressions())


def rule_hash(program: Program) -> str:
    """Return a hash of the meaning of a program with any values of its parameters: it has their names instead."""
    return _hash_of(program, _Expressions(by_name=True))


def _hash_of(program: Program, expressions: _Expressions) -> str:
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
    return _hash(["program-2", _of_block(program.block, expressions), types])


def _of_block(block: Block, expressions: _Expressions) -> list[object]:
    conditions = [[expressions.digest(condition.expression), _of_outcome(condition.outcome)] for condition in block.conditions]
    related = [[path, _of_block(inner, expressions)] for path, inner in sorted(block.related.items())]
    return [block.type.name, sorted(block.record_types), conditions, _of_outcome(block.otherwise), related]


def _of_outcome(outcome: Outcome) -> str:
    return outcome.status.value


class _Expressions:
    """Computes the digest of each expression once. ``by_name``: constants from parameters count by the parameter's name."""

    def __init__(self, *, by_name: bool = False) -> None:
        self._by_name = by_name
        self._known: dict[int, str] = {}

    def digest(self, expression: Expr) -> str:
        """Return the digest of an expression."""
        digest = self._known.get(id(expression))
        if digest is None:
            arguments = [
                [name, self._argument(expression, name, value)] for name, value in sorted(expression.arguments.items())
            ]
            checks = [[check.declaration.key, check.delegate] for check in expression.checks]
            extract = expression.extract
            body = [extract.lookups, extract.type_name, self.digest(extract.body)] if extract else None
            parts = [expression.operation.name, expression.type.value, arguments, checks, body, expression.deletion_field]
            digest = self._known[id(expression)] = _hash(parts)
        return digest

    def _argument(self, expression: Expr, name: str, value: object) -> object:
        if self._by_name and name in expression.parameters:
            return ["parameter", expression.parameters[name]]
        return self._value(value)

    def _value(self, value: object) -> object:
        if isinstance(value, tuple):
            return [self._value(part) for part in value]
        return self.digest(value) if isinstance(value, Expr) else constant_text(value)


def _hash(document: object) -> str:
    return hashlib.sha256(json.dumps(document, ensure_ascii=True).encode()).hexdigest()[:_LENGTH]
