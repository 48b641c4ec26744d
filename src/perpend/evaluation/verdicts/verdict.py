"""One verdict: the status that one policy gives one object, with its messages and the values that the policy read."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from perpend.core.dataclass import dataclass
from perpend.core.objects.object_types import UNKNOWN_TYPE, reached
from perpend.core.objects.status import Status
from perpend.core.values.values import document_of
from perpend.language.compiler.verdicts import checks_of
from perpend.language.program.numbering import UNREADABLE, base_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from perpend.core.objects.inventory import CloudObject
    from perpend.core.objects.object_types import ObjectType
    from perpend.language.interpreter.interpreter import EvaluationOutcome
    from perpend.language.program.program import DeclaredOutcome, Program, Read


@dataclass(frozen=True, slots=True)
class Reference:
    """A field that a policy read: API name (with lookups), label, and JSON value (None if missing or null)."""

    field: str
    label: str
    value: Any


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of one policy on one object. ``remediation_message`` and ``runtime_error`` are None if there is none.

    ``observed_at`` is when the source observed the object (UTC), None if the source does not say.
    """

    policy_id: str
    status: Status
    condition_index: int
    condition_text: str
    current_state_message: str
    remediation_message: str | None
    runtime_error: str | None
    references: tuple[Reference, ...]
    object: CloudObject
    observed_at: datetime | None = None


def verdict_of(
    program: Program,
    object_: CloudObject,
    end: EvaluationOutcome,
    types: Mapping[str, ObjectType],
    observed_at: datetime | None = None,
) -> Verdict:
    """Return the verdict for an outcome of a program. ``types`` give the labels of fields."""
    index, error = end
    outcome = program.verdicts[index]
    values = zip(program.reads, values_read(object_.fields, program.reads), strict=True)
    return Verdict(
        program.policy_id,
        outcome.status,
        index,
        outcome.text,
        message_of(outcome, error),
        remediation_of(program, outcome),
        error,
        tuple(Reference(read.path, label_of(types, program.input_type, read), value) for read, value in values),
        object_,
        observed_at,
    )


def label_of(types: Mapping[str, ObjectType], type_name: str, read: Read) -> str:
    """Return the label of a value: the key in a document, else the field's label, else its API name."""
    if read.key is not None:
        return read.key

    def named(name: str) -> ObjectType:
        return types.get(name, UNKNOWN_TYPE)

    *lookups, name = read.path.split(".")
    known = reached(named(type_name), lookups, named).fields.get(name)
    return known.label if known and known.label else name


def message_of(verdict: DeclaredOutcome, error: str | None) -> str:
    """Return the message of a verdict; for an unreadable object, the reason why it cannot be read."""
    return error if verdict.index == UNREADABLE and error else verdict.message


def remediation_of(program: Program, verdict: DeclaredOutcome) -> str | None:
    """Return the next step of a verdict. An INCOMPLIANT verdict always has one."""
    if verdict.status is Status.INCOMPLIANT and not verdict.remediation:
        return f"See the policy's remediation: perpend show {program.policy_id}"
    return verdict.remediation


def indexes_needing_object(program: Program) -> frozenset[int]:
    """Return the indexes whose details need the object: why it is unreadable, and texts of runtime errors."""
    indexes = {UNREADABLE}
    for number, condition in enumerate(program.block.conditions, 1):
        for slot, _, check, _ in checks_of(condition.expression):
            if check.declaration.error:
                indexes.add(base_of(number) + slot)
    return frozenset(indexes)


def value_at(fields: Mapping[str, Any], path: str) -> Any:
    """Return the JSON value at a path, None if a part of the path is missing or null."""
    *lookups, name = path.split(".")
    for lookup in lookups:
        inner = fields.get(lookup)
        if not isinstance(inner, dict):
            return None
        fields = inner
    return fields.get(name)


def values_read(fields: Mapping[str, Any], reads: Sequence[Read]) -> list[Any]:
    """Return the JSON value of each read, unconverted. A document is parsed once for all its keys."""
    return reader_of(tuple(reads))(fields)


@lru_cache(maxsize=256)
def reader_of(reads: tuple[Read, ...]) -> Callable[[Mapping[str, Any]], list[Any]]:
    """Return the function that computes :func:`values_read` for any object."""
    paths = list(dict.fromkeys(read.path for read in reads))
    own = [path if "." not in path else None for path in paths]
    whole = [(place, paths.index(read.path)) for place, read in enumerate(reads) if read.key is None]
    keyed = {
        paths.index(path): [(place, read.key) for place, read in enumerate(reads) if read.path == path and read.key is not None]
        for path in {read.path for read in reads if read.key is not None}
    }

    def read_values(fields: Mapping[str, Any]) -> list[Any]:
        given = [value_at(fields, path) if name is None else fields.get(name) for path, name in zip(paths, own, strict=True)]
        values: list[Any] = [None] * len(reads)
        for place, number in whole:
            values[place] = given[number]
        for number, keys in keyed.items():
            document = document_of(given[number])
            if isinstance(document, dict):
                for place, key in keys:
                    values[place] = document.get(key)
        return values

    return read_values
