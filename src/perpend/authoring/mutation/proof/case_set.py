"""A value with several possible cases. A choice is needed only if the cases differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence


class OpenQuestion(Exception):
    """A question needs a choice of cases. ``options`` are complete."""

    def __init__(self, key: Hashable, options: tuple[Any, ...]) -> None:
        self.key = key
        self.options = options


@dataclass(frozen=True, slots=True)
class Several:
    """The remaining cases of a question, each with the value that follows from it."""

    key: Hashable
    cases: tuple[tuple[Any, Any], ...]


def merge_cases(key: Hashable, pairs: Sequence[tuple[Any, Any]]) -> Any:
    """Return the value of pairs of case and value if all are equal, else :class:`Several`."""
    first = pairs[0][1]
    if all(type(value) is type(first) and value == first for _, value in pairs):
        return first
    return Several(key, tuple(pairs))


def decided(value: Any, of: Callable[[Any], Hashable]) -> Any:
    """Return the result of a predicate. Raise :class:`OpenQuestion` if it differs between the remaining cases."""
    if not isinstance(value, Several):
        return of(value)
    groups: dict[Hashable, list[Any]] = {}
    for case, inner in value.cases:
        groups.setdefault(of(inner), []).append(case)
    if len(groups) > 1:
        raise OpenQuestion(value.key, tuple(map(tuple, groups.values())))
    return next(iter(groups))


def mapped(value: Any, of: Callable[[Any], Any]) -> Any:
    """Return the results of a function, case by case."""
    if isinstance(value, Several):
        return merge_cases(value.key, [(case, of(one)) for case, one in value.cases])
    return of(value)


def alone(value: Any) -> Any:
    """Return a value. Raise :class:`OpenQuestion` while several cases remain."""
    if isinstance(value, Several):
        raise OpenQuestion(value.key, tuple((case,) for case, _ in value.cases))
    return value
