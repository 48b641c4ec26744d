"""Count the statuses of objects in related lists, and collect a field of those with a status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.objects.status import Status
from perpend.core.values.types import ValueType
from perpend.language.interpreter.context import EvaluationContext, InvalidData, field_reader
from perpend.language.interpreter.use import collected

if TYPE_CHECKING:
    from collections.abc import Callable

    from perpend.language.interpreter.use import Closure, Compilers, Use


def related_has(use: Use) -> Closure:
    status, count = Status(use.constant("status")), _count(use)

    def run(frame: EvaluationContext) -> bool:
        number, doubt = count(frame, status)
        if number == 0 and doubt is not None:
            raise InvalidData(doubt)
        return number > 0

    return run


def related_has_no(use: Use) -> Closure:
    has = related_has(use)
    return lambda frame: not has(frame)


def related_count(use: Use) -> Closure:
    status, count = Status(use.constant("status")), _count(use)

    def run(frame: EvaluationContext) -> int:
        number, doubt = count(frame, status)
        if doubt is not None:
            raise InvalidData(doubt)
        return number

    return run


def related_texts(use: Use) -> Closure:
    status, children = Status(use.constant("status")), use.children(use.constant("relationshipName"))
    read = field_reader(use.constant("field"), ValueType.TEXT)

    def run(frame: EvaluationContext) -> tuple[str, ...]:
        chosen, doubt = children(frame, status)
        if doubt is not None:
            raise InvalidData(doubt)
        return collected(use, [text for child in chosen if (text := read(child)) is not None])

    return run


def _count(use: Use) -> Callable[[EvaluationContext, Status], tuple[int, str | None]]:
    children = use.children(use.constant("relationshipName"))

    def count(frame: EvaluationContext, status: Status) -> tuple[int, str | None]:
        chosen, doubt = children(frame, status)
        return len(chosen), doubt

    return count


COMPILERS: Compilers = {
    "RELATED_LIST_HAS": related_has,
    "RELATED_LIST_HAS_NO": related_has_no,
    "RELATED_LIST_COUNT": related_count,
    "RELATED_LIST_TEXTS": related_texts,
}
