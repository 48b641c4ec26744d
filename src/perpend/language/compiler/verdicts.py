"""List and number all outcomes of a program. Source: language specification, sections 5.2 to 5.5."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.objects.status import Status
from perpend.language.program.numbering import (
    DISAPPEARED,
    OTHER_RECORD_TYPE,
    UNREADABLE,
    base_of,
    condition_index,
    otherwise_index,
)
from perpend.language.program.program import Block, Check, DeclaredOutcome, Expr
from perpend.language.program.render import OTHERWISE, check_text, disappeared_text, expression_text

if TYPE_CHECKING:
    from collections.abc import Iterator


def verdict_table(block: Block) -> dict[int, DeclaredOutcome]:
    """Return the outcomes of a program's root block by index, in the order of the indexes."""
    table = [
        DeclaredOutcome(UNREADABLE, Status.UNDETERMINED, "isUnreadable()", "The object's own data prevent its evaluation.")
    ]
    if block.record_types:
        names = ", ".join(f"'{name}'" for name in block.record_types)
        message = "The policy does not evaluate objects of this record type."
        table.append(DeclaredOutcome(OTHER_RECORD_TYPE, Status.INAPPLICABLE, f"not(recordTypes([{names}]))", message))
    deletion = block.type.deletion_field
    if deletion is not None:
        table.append(
            DeclaredOutcome(DISAPPEARED, Status.DISAPPEARED, disappeared_text(deletion), "The object has disappeared.")
        )
    for number, condition in enumerate(block.conditions, 1):
        base = base_of(number)
        for slot, expression, check, prefix in checks_of(condition.expression):
            text = check_text(expression, check, prefix=prefix)
            table.append(DeclaredOutcome(base + slot, Status.UNDETERMINED, text, check.message or text))
        outcome = condition.outcome
        text = expression_text(condition.expression)
        table.append(
            DeclaredOutcome(condition_index(number), outcome.status, text, outcome.message or text, outcome.remediation)
        )
    outcome = block.otherwise
    table.append(
        DeclaredOutcome(
            otherwise_index(len(block.conditions)), outcome.status, OTHERWISE, outcome.message or OTHERWISE, outcome.remediation
        )
    )
    return {verdict.index: verdict for verdict in table}


def checks_of(expression: Expr, *, base: int = 0, prefix: str = "") -> Iterator[tuple[int, Expr, Check, str]]:
    """Yield ``(slot, expression, check, prefix)`` in slot order: operands before their operation, extracts inlined.

    ``prefix`` holds the lookups before the fields of an inlined extract, as in the text of a check.
    """
    inner = f"{prefix}{expression.extract.prefix}" if expression.extract else prefix
    for operand in expression.operands:
        yield from checks_of(operand, base=base, prefix=inner)
        base += operand.slots
    for slot, check in enumerate(expression.checks, base + 1):
        yield slot, expression, check, prefix
