"""A block in, the object types out that its lookups, its lists and its extracts get to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.objects.object_types import ObjectType, Types

if TYPE_CHECKING:
    from collections.abc import Callable

    from perpend.language.program.program import Block


def types_reached(block: Block, type_of: Callable[[str], ObjectType]) -> Types:
    """Return the types by name. ``type_of`` gives a type by its API name, a bare one where nothing declares it."""
    types: dict[str, ObjectType] = {}
    pending = _named(block)
    while pending:
        name = pending.pop()
        if name and name not in types:
            types[name] = type_of(name)
            pending += (lookup.target for lookup in types[name].lookups.values())
    return Types(types)


def _named(block: Block) -> list[str]:
    """Return the names of the types whose objects a block and its lists judge, and whose extracts they use."""
    names = [block.type.name]
    pending = [condition.expression for condition in block.conditions]
    seen: set[int] = set()
    while pending:
        expression = pending.pop()
        if id(expression) in seen:
            continue
        seen.add(id(expression))
        if expression.extract is not None:
            names.append(expression.extract.type_name)
        pending += expression.operands
    return names + [name for child in block.related.values() for name in _named(child)]
