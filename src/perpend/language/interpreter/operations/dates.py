"""Compare dates with the day of the snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.values.values import DAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from perpend.language.interpreter.context import EvaluationContext
    from perpend.language.interpreter.use import Closure, Compilers, Use


def before_today(use: Use) -> Closure:
    return _date(use, lambda instant, today: instant < today)


def after_today(use: Use) -> Closure:
    return _date(use, lambda instant, today: instant >= today + DAY)


def within_last_days(use: Use) -> Closure:
    length = use.constant("offsetDays") * DAY
    return _date(use, lambda instant, today: today - length <= instant < today + DAY)


def beyond_last_days(use: Use) -> Closure:
    length = use.constant("offsetDays") * DAY
    return _date(use, lambda instant, today: instant < today - length)


def within_next_days(use: Use) -> Closure:
    length = use.constant("offsetDays") * DAY
    return _date(use, lambda instant, today: today <= instant < today + length + DAY)


def beyond_next_days(use: Use) -> Closure:
    length = use.constant("offsetDays") * DAY
    return _date(use, lambda instant, today: instant >= today + length + DAY)


def _date(use: Use, test: Callable[[int, int], bool]) -> Closure:
    arg = use["arg"]

    def run(frame: EvaluationContext) -> bool:
        instant = arg(frame)
        return instant is not None and test(instant, frame.today)

    return run


COMPILERS: Compilers = {
    "IS_BEFORE_TODAY": before_today,
    "IS_AFTER_TODAY": after_today,
    "IS_WITHIN_LAST_DAYS": within_last_days,
    "IS_BEYOND_LAST_DAYS": beyond_last_days,
    "IS_WITHIN_NEXT_DAYS": within_next_days,
    "IS_BEYOND_NEXT_DAYS": beyond_next_days,
}
