"""A value of which several cases are possible: what holds of all is said at once, where it differs a choice is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence


class OpenQuestion(Exception):
    """Something is asked that no case has been chosen for. ``options`` leave nothing out."""

    def __init__(self, key: Hashable, options: tuple[Any, ...]) -> None:
        self.key = key
        self.options = options


@dataclass(frozen=True, slots=True)
class Several:
    """The cases that are left of what was asked under a key, each with the value that follows from it."""

    key: Hashable
    cases: tuple[tuple[Any, Any], ...]


def settled(key: Hashable, pairs: Sequence[tuple[Any, Any]]) -> Any:
    """Return the value of pairs of a case and a value: itself where all have the same, else several."""
    first = pairs[0][1]
    if all(type(value) is type(first) and value == first for _, value in pairs):
        return first
    return Several(key, tuple(pairs))


def decided(value: Any, of: Callable[[Any], Hashable]) -> Any:
    """Return what a function says of a value. Raises OpenQuestion where it says different things of the cases left."""
    if not isinstance(value, Several):
        return of(value)
    groups: dict[Hashable, list[Any]] = {}
    for case, inner in value.cases:
        groups.setdefault(of(inner), []).append(case)
    if len(groups) > 1:
        raise OpenQuestion(value.key, tuple(map(tuple, groups.values())))
    return next(iter(groups))


def mapped(value: Any, of: Callable[[Any], Any]) -> Any:
    """Return what a function makes of a value, case by case."""
    if isinstance(value, Several):
        return settled(value.key, [(case, of(one)) for case, one in value.cases])
    return of(value)


def alone(value: Any) -> Any:
    """Return a value. Raises OpenQuestion as long as several cases are left."""
    if isinstance(value, Several):
        raise OpenQuestion(value.key, tuple((case,) for case, _ in value.cases))
    return value
