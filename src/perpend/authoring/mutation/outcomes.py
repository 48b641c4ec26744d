"""The meaning of a block's indexes, so that results of a mutant compare with those of its program.

If a condition is dropped, the next one gets its index. So a result is compared by its condition, its check and its status.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from perpend.core.objects.status import Status
from perpend.language.compiler.verdicts import checks_of
from perpend.language.program.numbering import (
    DISAPPEARED,
    OTHER_RECORD_TYPE,
    UNREADABLE,
    base_of,
    condition_index,
    otherwise_index,
)

if TYPE_CHECKING:
    from perpend.language.program.program import Block, Check, Outcome


class Meaning(NamedTuple):
    """The meaning of a result: the status, the condition, and the check that stopped it."""

    status: Status
    outcome: int
    check: int = 0


def meanings_of(block: Block) -> dict[int, Meaning]:
    """Return the meanings of a block's indexes. Those of mutants of one program compare while the program lives."""
    meanings = {
        UNREADABLE: Meaning(Status.UNDETERMINED, UNREADABLE),
        OTHER_RECORD_TYPE: Meaning(Status.INAPPLICABLE, OTHER_RECORD_TYPE),
        DISAPPEARED: Meaning(Status.DISAPPEARED, DISAPPEARED),
    }
    for number, condition in enumerate(block.conditions, 1):
        meanings[condition_index(number)] = meaning_of(condition.outcome)
        for slot, _, check, _ in checks_of(condition.expression):
            meanings[base_of(number) + slot] = meaning_of(condition.outcome, check)
    meanings[otherwise_index(len(block.conditions))] = meaning_of(block.otherwise)
    return meanings


def meaning_of(outcome: Outcome, check: Check | None = None) -> Meaning:
    """Return the meaning of an end by a condition, or by a check that stopped it."""
    return Meaning(outcome.status, id(outcome)) if check is None else Meaning(Status.UNDETERMINED, id(outcome), id(check))
