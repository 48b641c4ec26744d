"""Count the statuses of objects in related lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.objects.status import Status
from perpend.language.interpreter.context import EvaluationContext, InvalidData

if TYPE_CHECKING:
    from perpend.language.interpreter.use import Closure, Compilers, Use


def related_has(use: Use) -> Closure:
    status, count = Status(use.constant("status")), use.count(use.constant("relationshipName"))

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
    status, count = Status(use.constant("status")), use.count(use.constant("relationshipName"))

    def run(frame: EvaluationContext) -> int:
        number, doubt = count(frame, status)
        if doubt is not None:
            raise InvalidData(doubt)
        return number

    return run


COMPILERS: Compilers = {
    "RELATED_LIST_HAS": related_has,
    "RELATED_LIST_HAS_NO": related_has_no,
    "RELATED_LIST_COUNT": related_count,
}
