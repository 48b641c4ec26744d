"""What one policy says of one object, as a value; which sentence a verdict says, and what of it only the object can tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from perpend.core.objects.status import Status
from perpend.language.compiler.verdicts import checks_of
from perpend.language.program.numbering import UNREADABLE, base_of

if TYPE_CHECKING:
    from datetime import datetime

    from perpend.core.objects.inventory import CloudObject
    from perpend.language.program.program import DeclaredOutcome, Program


@dataclass(frozen=True, slots=True)
class Reference:
    """One field that a policy read of an object: API name (with lookups), label, JSON value (None: missing or null)."""

    field: str
    label: str
    value: Any


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one policy says of one object. ``remediation_message`` and ``runtime_error`` are None where there is none.

    ``observed_at`` is when the object looked as it was judged (UTC), None where its source does not say.
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


def message_of(verdict: DeclaredOutcome, error: str | None) -> str:
    """Return what a verdict says of an object; of an unreadable one, what keeps it from being judged."""
    return error if verdict.index == UNREADABLE and error else verdict.message


def remediation_of(program: Program, verdict: DeclaredOutcome) -> str | None:
    """Return the next step that a verdict names. An incompliant one always names some."""
    if verdict.status is Status.INCOMPLIANT and not verdict.remediation:
        return f"See the policy's remediation: perpend show {program.policy_id}"
    return verdict.remediation


def untold_indexes(program: Program) -> frozenset[int]:
    """Return the indexes of which only the object itself can tell more: why it is unreadable, what a runtime error says."""
    indexes = {UNREADABLE}
    for number, condition in enumerate(program.block.conditions, 1):
        for slot, _, check, _ in checks_of(condition.expression):
            if check.declaration.error:
                indexes.add(base_of(number) + slot)
    return frozenset(indexes)
