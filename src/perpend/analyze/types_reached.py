"""A block in, the declared object types out that its lookups, its lists and its extracts get to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.ir.object_types import ObjectType, Types

if TYPE_CHECKING:
    from collections.abc import Callable

    from perpend.ir.program import Block


def types_reached(block: Block, declared: Callable[[str], ObjectType | None]) -> Types:
    """Return the types by name. ``declared`` gives a type by its API name, None where nothing declares it."""
    found: dict[str, ObjectType] = {}
    pending = _named(block)
    while pending:
        name = pending.pop()
        known = declared(name) if name and name not in found else None
        if known is not None:
            found[name] = known
            pending += (lookup.target for lookup in known.lookups.values())
    return Types(found)


def _named(block: Block) -> list[str]:
    """Return the names of the types whose objects a block and its lists judge, and whose extracts they use."""
    found = [block.type.name]
    pending = [condition.expression for condition in block.conditions]
    seen: set[int] = set()
    while pending:
        expression = pending.pop()
        if id(expression) in seen:
            continue
        seen.add(id(expression))
        if expression.extract is not None:
            found.append(expression.extract.type_name)
        pending += expression.operands
    return found + [name for child in block.related.values() for name in _named(child)]
