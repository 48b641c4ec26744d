"""Find the fields that programs read, through any depth of lookups and related lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass
from perpend.core.schema.shred import RequiredFields
from perpend.core.values.jmespath_query import plain_key
from perpend.language.operations.operation import DELETION_FIELD, Constant
from perpend.language.program.program import Block, Expr, Read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from perpend.core.objects.object_types import ObjectType, Types
    from perpend.language.program.program import Program


def required_fields(programs: Iterable[Program]) -> RequiredFields:
    """Return the fields that programs of one input type read."""
    wanted = RequiredFields()
    for program in programs:
        _At(wanted, program.block.type, program.types).want_block(program.block)
    return wanted


@dataclass(frozen=True, slots=True)
class _At:
    """The fields to read of the objects at one place, and their type. Its deletion field is always read."""

    wanted: RequiredFields
    object_type: ObjectType
    types: Types

    def through(self, lookups: Iterable[str]) -> _At:
        at = self
        for name in lookups:
            object_type = self.types.type_of_lookup(at.object_type, name)
            at = _At(at.wanted.through([name]), object_type, self.types)
            at.want_deletion()
        return at

    def want_deletion(self) -> None:
        self.wanted.object_type = self.object_type
        if self.object_type.name and self.object_type.deletion_field:
            self.wanted.values.add(self.object_type.deletion_field)

    def want_block(self, block: Block) -> None:
        self.want_deletion()
        if block.record_types:
            self.through(["RecordType"]).wanted.values.add("DeveloperName")
        for condition in block.conditions:
            self.want(condition.expression)
        for relationship, child in block.related.items():
            *lookups, name = relationship.split(".")
            below = self.through(lookups).wanted.children.setdefault(name, RequiredFields())
            _At(below, child.type, self.types).want_block(child)

    def want(self, expression: Expr) -> None:
        for path in (*expression.field_paths, *expression.delegates):
            self.want_field(path)
        for name in expression.operation.taking(Constant.LOOKUP_PATH):
            step = self
            for lookup in expression.arguments[name].split("."):
                step = step.through([lookup])
                step.wanted.values.add("Id")
        for name in expression.operation.taking(Constant.CHILD_FIELD):
            *lookups, relationship = expression.arguments["relationshipName"].split(".")
            children = self.through(lookups).wanted.children
            children.setdefault(relationship, RequiredFields()).values.add(expression.arguments[name])
        self.wanted.values |= set(expression.operation.reads) - {DELETION_FIELD}
        at = self
        if expression.extract is not None:
            at = self.through(expression.extract.lookups)
            if not at.object_type.name:
                at = _At(at.wanted, self.types.named(expression.extract.type_name), self.types)
                at.want_deletion()
        for operand in expression.operands:
            at.want(operand)

    def want_field(self, path: str) -> None:
        *lookups, name = path.split(".")
        self.through(lookups).wanted.values.add(name)


def fields_by_type(programs: Iterable[Program]) -> dict[str, set[str]]:
    """Return the fields that programs read, by type: of their own objects, of lookup targets, and of child lists."""
    fields: dict[str, set[str]] = {}
    for program in programs:
        fields.setdefault(program.input_type, set())
        waiting = [required_fields([program])]
        while waiting:
            wanted = waiting.pop()
            if wanted.object_type.name:
                fields.setdefault(wanted.object_type.name, set()).update(wanted.values)
            waiting += [*wanted.lookups.values(), *wanted.children.values()]
    return fields


def texts_of(programs: Iterable[Program]) -> set[str]:
    """Return the texts that programs compare values with."""
    texts: set[str] = set()
    waiting: list[Block | Expr] = [program.block for program in programs]
    seen: set[int] = set()
    while waiting:
        at = waiting.pop()
        if isinstance(at, Block):
            waiting += [*at.related.values(), *(condition.expression for condition in at.conditions)]
        elif id(at) not in seen:  # extracts are shared
            seen.add(id(at))
            given = (part for value in at.arguments.values() for part in (value if isinstance(value, tuple) else (value,)))
            texts |= {part for part in given if isinstance(part, str)}
            waiting += at.operands
    return texts


def reads_of(block: Block) -> tuple[Read, ...]:
    """Return the values that a block reads of its own object, in the order of first reading."""
    return tuple(dict.fromkeys(read for condition in block.conditions for read in reads_below(condition.expression)))


def reads_below(expression: Expr, prefix: str = "") -> Iterator[Read]:
    """Yield the values that an expression and its operands read. ``prefix`` (``account__r.``) holds the lookups followed so
    far.

    If only a query reads a field, and its query is a plain key, the result has that key.
    """
    for path in expression.field_paths:
        yield Read(f"{prefix}{path}")
    if expression.extract:
        prefix += expression.extract.prefix
    queries = expression.operation.taking(Constant.JMESPATH)
    key = next((plain_key(expression.arguments[name]) for name in queries), None)
    for operand in expression.operands:
        for read in reads_below(operand, prefix):
            yield read if read.key or not key else Read(read.path, key)
