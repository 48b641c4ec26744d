"""Prove that two blocks give the same result for every object, or find cases in which they differ, or give up.

Cases in which the changed conditions agree are skipped: the rest of the blocks is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any, Final

from perpend.authoring.mutation.outcomes import Meaning, meaning_of
from perpend.authoring.mutation.proof.case_set import OpenQuestion
from perpend.authoring.mutation.proof.cases import Cases
from perpend.authoring.mutation.proof.keys import Values
from perpend.authoring.mutation.proof.reasoning import CheckFired, NotReadable, NotUnderstood, Reasoner
from perpend.authoring.mutation.rewriting import expressions_of
from perpend.core.dataclass import dataclass
from perpend.core.objects.status import Status

if TYPE_CHECKING:
    from perpend.language.program.program import Block, Condition

MOST_CASES: Final = 5_000
"""On how many cases two blocks are compared before that is given up."""

_UNREAD: Final = Meaning(Status.UNDETERMINED, 0)

_SILENT: Final = "no condition"
"""The result if no condition decides."""

Chosen = dict["Hashable", Any]
_Run = Callable[[Chosen], Any]


def are_equivalent(block: Block, changed: Block) -> bool:
    """Whether two blocks certainly give every object the same status, by the same condition or check."""
    try:
        return _are_alike(block, changed, lambda meaning: meaning)
    except (NotUnderstood, RecursionError):
        return False


def _are_alike(block: Block, changed: Block, seen_as: Callable[[Meaning], Hashable]) -> bool:
    """Whether blocks give the same results, as far as the enclosing block depends on them."""
    if block is changed:
        return True
    if block.record_types != changed.record_types or block.related.keys() != changed.related.keys():
        return False
    alike = {name: _lists_alike(block, changed, name) for name in block.related}
    pair = _Pair.of(block, changed, alike, seen_as)
    budget = [MOST_CASES]
    starts: list[Chosen] = []
    for left, right in pair.changed_parts():
        differing = _differences(left, right, [{}], budget)
        if differing is None:
            return False
        starts += differing
    return _differences(pair.run_left, pair.run_right, starts, budget, first_only=True) == []


def _lists_alike(block: Block, changed: Block, name: str) -> bool:
    """Whether both blocks give the objects of a list statuses that the blocks treat alike."""
    statuses = {Status.DISAPPEARED} | _statuses_used(block, name) | _statuses_used(changed, name)

    def seen_as(meaning: Meaning) -> Hashable:
        return meaning if meaning == _UNREAD else meaning.status if meaning.status in statuses else None

    return _are_alike(block.related[name], changed.related[name], seen_as)


def _statuses_used(block: Block, relationship: str) -> set[Status]:
    return {
        Status(expression.constant("status"))
        for expression in expressions_of(block)
        if expression.operation.family == "Related lists" and expression.constant("relationshipName") == relationship
    }


def _differences(
    left: _Run, right: _Run, starts: list[Chosen], budget: list[int], *, first_only: bool = False
) -> list[Chosen] | None:
    """Return the choices for which two runs differ, None if there are too many cases."""
    pending, differing = list(starts), []
    while pending:
        chosen = pending.pop()
        budget[0] -= 1
        if budget[0] < 0:
            return None
        try:
            differ = left(chosen) != right(chosen)
        except OpenQuestion as choice:
            pending += [{**chosen, choice.key: option} for option in choice.options]
            continue
        if differ:
            differing.append(chosen)
            if first_only:
                break
    return differing


@dataclass(frozen=True, slots=True)
class _Pair:
    """A block and a changed one, each with a reasoner; both reasoners speak of the same values."""

    block: Block
    changed: Block
    left: Reasoner
    right: Reasoner
    seen_as: Callable[[Meaning], Hashable]

    @classmethod
    def of(cls, block: Block, changed: Block, alike: Mapping[str, bool], seen_as: Callable[[Meaning], Hashable]) -> _Pair:
        """Return the pair. Lists that the blocks evaluate differently have a different name on each side."""
        values = Values()
        cases = Cases(values, (block, changed))
        names: list[dict[str, Hashable]] = [
            {name: name if same else (name, side) for name, same in alike.items()} for side in ("left", "right")
        ]
        left, right = (Reasoner(values, cases, lists) for lists in names)
        return cls(block, changed, left, right, seen_as)

    def run_left(self, chosen: Chosen) -> Hashable:
        """Return how the block ends."""
        return self.seen_as(_end(self.left, self.block, chosen))

    def run_right(self, chosen: Chosen) -> Hashable:
        """Return how the changed block ends."""
        return self.seen_as(_end(self.right, self.changed, chosen))

    def changed_parts(self) -> list[tuple[_Run, _Run]]:
        """Return the parts that must differ: a condition and its replacement, else the whole blocks."""
        pairs = list(zip(self.block.conditions, self.changed.conditions, strict=False))
        if len(self.block.conditions) != len(self.changed.conditions) or self.block.otherwise != self.changed.otherwise:
            return [self._dropped()]
        different = [(left, right) for left, right in pairs if left is not right]
        if len(different) == 2 and different[0] == different[1][::-1]:
            return [self._swapped(*different[0])]
        if any(name for name in self.block.related if self.block.related[name] is not self.changed.related[name]):
            return [(self.run_left, self.run_right)]
        return [self._condition(left, right) for left, right in different]

    def _condition(self, left: Condition, right: Condition) -> tuple[_Run, _Run]:
        return self._both((left,), (right,))

    def _swapped(self, left: Condition, right: Condition) -> tuple[_Run, _Run]:
        return self._both((left, right), (right, left))

    def _dropped(self) -> tuple[_Run, _Run]:
        unchanged = set(map(id, self.changed.conditions))
        missing = tuple(condition for condition in self.block.conditions if id(condition) not in unchanged)
        if len(missing) != 1 or self.block.otherwise != self.changed.otherwise:
            return self.run_left, self.run_right
        return self._both(missing, ())

    def _both(self, conditions: tuple[Condition, ...], others: tuple[Condition, ...]) -> tuple[_Run, _Run]:
        """Return the results of two runs of conditions as the enclosing block sees them. No decision counts as none."""

        def seen(meaning: Meaning | None) -> Hashable:
            return _SILENT if meaning is None else self.seen_as(meaning)

        return (
            lambda chosen: seen(_first_decision(self.left, conditions, chosen)),
            lambda chosen: seen(_first_decision(self.right, others, chosen)),
        )


def _end(reasoner: Reasoner, block: Block, chosen: Chosen) -> Meaning:
    return _first_decision(reasoner, block.conditions, chosen) or meaning_of(block.otherwise)


def _first_decision(reasoner: Reasoner, conditions: tuple[Condition, ...], chosen: Chosen) -> Meaning | None:
    """Return the result of conditions in order, None if none of them decides."""
    reasoner.chosen = chosen
    for condition in conditions:
        try:
            if reasoner.holds(condition.expression):
                return meaning_of(condition.outcome)
        except CheckFired as fired:
            return meaning_of(condition.outcome, fired.check)
        except NotReadable:
            return _UNREAD
    return None
