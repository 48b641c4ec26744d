"""Dates relative to the day of the snapshot. Days begin at 00:00 UTC."""

from __future__ import annotations

from perpend.core.values.types import ValueType
from perpend.language.operations.operation import Constant, Operation, Parameter

_DATE = Parameter("arg", "The instant.", operand=frozenset({ValueType.DATE_TIME}))
_DAYS = Parameter("offsetDays", "The number of days.", constant=Constant.INTEGER, required=False, default=0)


def _date(name: str, doc: str, word: str, *, days: bool = True) -> Operation:
    offset = ", offsetDays: 90" if days else ""
    return Operation(
        name,
        doc=doc,
        parameters=(_DATE, _DAYS) if days else (_DATE,),
        result=ValueType.BOOLEAN,
        text=f"{{arg}}.{word}({{offsetDays!n0}})" if days else f"{{arg}}.{word}()",
        nulls="Null: false.",
        example=f"{name}: {{arg: {{EXTRACT: lastUsed}}{offset}}}",
    )


OPERATIONS = (
    _date("IS_BEFORE_TODAY", "Whether an instant lies before the snapshot's day.", "beforeToday", days=False),
    _date("IS_AFTER_TODAY", "Whether an instant lies after the snapshot's day.", "afterToday", days=False),
    _date("IS_WITHIN_LAST_DAYS", "Whether an instant lies in the last n days or on the snapshot's day.", "withinLastDays"),
    _date("IS_BEYOND_LAST_DAYS", "Whether an instant lies more than n days before the snapshot's day.", "beyondLastDays"),
    _date("IS_WITHIN_NEXT_DAYS", "Whether an instant lies on the snapshot's day or in the next n days.", "withinNextDays"),
    _date("IS_BEYOND_NEXT_DAYS", "Whether an instant lies more than n days after the snapshot's day.", "beyondNextDays"),
)
