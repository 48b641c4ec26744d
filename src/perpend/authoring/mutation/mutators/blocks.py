"""The conditions of a block changed: another status, one condition less, two of them in the other order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from perpend.authoring.mutation.mutators.change import BlockChange, text_of
from perpend.core.objects.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.language.program.program import Block, Outcome

_OTHER: Final = {Status.COMPLIANT: Status.INCOMPLIANT}
"""The replacements of a status. A pass replaces every other status."""


def other_statuses(block: Block) -> Iterator[BlockChange]:
    """Yield a block with another status for one of its conditions, or for ``otherwise``."""
    for position, condition in enumerate(block.conditions):
        outcome = _other(condition.outcome)
        changed = replace(condition, outcome=outcome)
        conditions = (*block.conditions[:position], changed, *block.conditions[position + 1 :])
        words = f"{condition.outcome.status} became {outcome.status} in condition {position + 1}"
        yield BlockChange(words, replace(block, conditions=conditions), condition.outcome.span)
    outcome = _other(block.otherwise)
    words = f"{block.otherwise.status} became {outcome.status} in `otherwise`"
    yield BlockChange(words, replace(block, otherwise=outcome), block.otherwise.span)


def fewer_conditions(block: Block) -> Iterator[BlockChange]:
    """Yield a block without one of its conditions."""
    for position, condition in enumerate(block.conditions):
        words = f"condition {position + 1}, `{text_of(condition.expression)}`, was dropped"
        rest = block.conditions[:position] + block.conditions[position + 1 :]
        yield BlockChange(words, replace(block, conditions=rest), condition.expression.span)


def other_order(block: Block) -> Iterator[BlockChange]:
    """Yield a block with a condition before the one that it follows."""
    for position in range(1, len(block.conditions)):
        before, after = block.conditions[position - 1 : position + 1]
        order = (*block.conditions[: position - 1], after, before, *block.conditions[position + 1 :])
        words = f"condition {position + 1}, `{text_of(after.expression)}`, was tried before condition {position}"
        yield BlockChange(words, replace(block, conditions=order), after.expression.span)


def fewer_record_types(block: Block) -> Iterator[BlockChange]:
    """Yield a block without one of its record types, or without all if it has only one."""
    for name in block.record_types:
        rest = tuple(record_type for record_type in block.record_types if record_type != name)
        yield BlockChange(f"the record type {name} was dropped", replace(block, record_types=rest), block.otherwise.span)


def _other(outcome: Outcome) -> Outcome:
    return replace(outcome, status=_OTHER.get(outcome.status, Status.COMPLIANT))
