"""Find contradictions between formulas. Every contradiction that it reports is one, but it does not find all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from perpend.authoring.lint.formulas import All, Formula, Is, Not, Some

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

Requirement = tuple[Formula, bool]


def contradictory(requirements: Iterable[Requirement]) -> bool:
    """Whether the formulas can be seen not to have the given truths together."""
    try:
        _Known().hold(list(requirements))
    except _ContradictionError:
        return True
    return False


class _ContradictionError(Exception):
    pass


@dataclass(slots=True)
class _Known:
    """The known values, and the open choices. Unit propagation follows only forced values."""

    values: dict[Hashable, Hashable] = field(default_factory=dict)
    excluded: set[Is] = field(default_factory=set)
    choices: list[tuple[tuple[Formula, ...], bool]] = field(default_factory=list)

    def hold(self, requirements: list[Requirement]) -> None:
        for formula, truth in requirements:
            self._require(formula, truth)
        while self._settle():
            pass

    def _require(self, formula: Formula, truth: bool) -> None:
        match formula:
            case bool():
                if formula is not truth:
                    raise _ContradictionError
            case Not(part):
                self._require(part, not truth)
            case All(parts) | Some(parts) if isinstance(formula, All) is truth:
                for part in parts:
                    self._require(part, truth)
            case All(parts) | Some(parts):
                self.choices.append((parts, truth))
            case Is(subject, value):
                if self._truth(formula) is (not truth):
                    raise _ContradictionError
                if truth:
                    self.values[subject] = value
                else:
                    self.excluded.add(formula)

    def _settle(self) -> bool:
        """Look through the choices once; whether something new is known."""
        choices, self.choices, new = self.choices, [], False
        for parts, truth in choices:
            truths = [self._truth(part) for part in parts]
            if truth in truths:
                continue
            undecided = [part for part, known in zip(parts, truths, strict=True) if known is None]
            if len(undecided) > 1:
                self.choices.append((parts, truth))
                continue
            if not undecided:
                raise _ContradictionError
            self._require(undecided[0], truth)
            new = True
        return new

    def _truth(self, formula: Formula) -> bool | None:
        match formula:
            case bool():
                return formula
            case Not(part):
                known = self._truth(part)
                return None if known is None else not known
            case Is(subject, value):
                if subject in self.values:
                    return self.values[subject] == value
                return False if formula in self.excluded else None
            case All(parts):
                truths = [self._truth(part) for part in parts]
                return False if False in truths else (None if None in truths else True)
            case Some(parts):
                truths = [self._truth(part) for part in parts]
                return True if True in truths else (None if None in truths else False)
