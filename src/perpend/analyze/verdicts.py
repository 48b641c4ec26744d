"""Every way a program can end, numbered. Source: language specification, sections 5.2 to 5.5."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.ir.operations.fields import DEFAULT_TAGS_FIELD
from perpend.ir.program import (
    CONDITION,
    DISAPPEARED,
    OTHER_RECORD_TYPE,
    UNREADABLE,
    Block,
    Check,
    Expr,
    Read,
    Verdict,
)
from perpend.ir.render import OTHERWISE, check_text, disappeared_text, expression_text
from perpend.ir.status import Status
from perpend.meaning.jmespath_query import plain_key

if TYPE_CHECKING:
    from collections.abc import Iterator

FIELD_PARAMETERS = {
    "FIELD": "path",
    "TAG_EXISTS": "tagsJson",
    "TAG_VALUE_TEXT": "tagsJson",
    "TAG_VALUE_BYTES": "tagsJson",
    "AWS_POLICY_ALLOWS": "policyExtField",
}
"""The operations that read a field of the object, and the parameter that names it."""


def verdict_table(block: Block) -> dict[int, Verdict]:
    """Return the verdicts of a program's root block by index, in the order of the indexes."""
    table = [Verdict(UNREADABLE, Status.UNDETERMINED, "isUnreadable()", "The object's own data keep it from being judged.")]
    if block.record_types:
        names = ", ".join(f"'{name}'" for name in block.record_types)
        message = "The object is of another record type than those that the policy judges."
        table.append(Verdict(OTHER_RECORD_TYPE, Status.INAPPLICABLE, f"not(recordTypes([{names}]))", message))
    deletion = block.type.deletion_field
    if deletion is not None:
        table.append(Verdict(DISAPPEARED, Status.DISAPPEARED, disappeared_text(deletion), "The object has disappeared."))
    for number, condition in enumerate(block.conditions, 1):
        base = number * 100
        for slot, expression, check, prefix in checks_of(condition.expression):
            text = check_text(expression, check, prefix=prefix)
            table.append(Verdict(base + slot, Status.UNDETERMINED, text, check.message or text))
        outcome = condition.outcome
        text = expression_text(condition.expression)
        table.append(Verdict(base + CONDITION, outcome.status, text, outcome.message or text, outcome.remediation))
    outcome = block.otherwise
    last = (len(block.conditions) + 1) * 100
    table.append(Verdict(last, outcome.status, OTHERWISE, outcome.message or OTHERWISE, outcome.remediation))
    return {verdict.index: verdict for verdict in table}


def checks_of(expression: Expr, *, base: int = 0, prefix: str = "") -> Iterator[tuple[int, Expr, Check, str]]:
    """Yield ``(slot, expression, check, prefix)`` in slot order: operands before their operation, extracts inlined.

    ``prefix`` are the lookups in front of an inlined extract's fields, as they stand in a check's text.
    """
    inner = prefix
    if expression.operation.name == "EXTRACT":
        path: str = expression.arguments["path"]
        inner = f"{prefix}{path.rpartition('.')[0]}." if "." in path else prefix
    for operand in expression.operands:
        yield from checks_of(operand, base=base, prefix=inner)
        base += operand.slots
    for slot, check in enumerate(expression.checks, base + 1):
        yield slot, expression, check, prefix


def reads_of(block: Block) -> tuple[Read, ...]:
    """Return what a block reads of its own object, in the order of first reading."""
    found = (read for condition in block.conditions for read in _reads(condition.expression, ""))
    return tuple(dict.fromkeys(found))


def types_named(block: Block) -> list[str]:
    """Return the names of the types whose objects a block and its lists judge, and whose extracts they use."""
    found = [block.type.name]
    pending = [condition.expression for condition in block.conditions]
    seen: set[int] = set()
    while pending:
        expression = pending.pop()
        if id(expression) in seen:
            continue
        seen.add(id(expression))
        if expression.operation.name == "EXTRACT":
            found.append(expression.arguments["holder"])
        pending += expression.operands
    return found + [name for child in block.related.values() for name in types_named(child)]


def _reads(expression: Expr, prefix: str) -> Iterator[Read]:
    name, arguments = expression.operation.name, expression.arguments
    if name in FIELD_PARAMETERS:
        yield Read(f"{prefix}{arguments[FIELD_PARAMETERS[name]] or DEFAULT_TAGS_FIELD}")
    inner = prefix + "".join(f"{lookup}." for lookup in arguments.get("lookups", ()))
    key = plain_key(arguments["expression"]) if name.startswith("JSON_QUERY_") else None
    for operand in expression.operands:
        for read in _reads(operand, inner):
            yield read if read.key or not key else Read(read.path, key)
