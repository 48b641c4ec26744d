"""A filter of verdicts in memory: the filters of commands choose objects of a store."""

from __future__ import annotations

from array import array
from dataclasses import replace
from typing import Any

from perpend.core.objects.account import account_names
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.evaluation import Evaluation, FilteredEvaluation
from perpend.evaluation.verdicts.verdicts import HIDDEN
from perpend.findings.filters import Filter


def only(evaluation: Evaluation, *statuses: Status, account: str | None = None) -> Evaluation:
    """Return an evaluation whose reports show only the verdicts with some statuses, on objects of an account."""

    def is_shown(column: Any, object_: Any, index: int) -> bool:
        return column.program.verdicts[index].status in statuses and account in (None, *account_names(object_))

    def filtered(column: Any) -> Any:
        objects = evaluation.objects_of(column.program.input_type)
        shown = (index if is_shown(column, one, index) else HIDDEN for index, one in zip(column.indexes, objects, strict=True))
        return replace(column, indexes=array("i", shown))

    words = Filter({"status": tuple(one.value for one in statuses), "account": (account,) if account else ()}).words
    return replace(evaluation, filter_verdicts=FilteredEvaluation(tuple(map(filtered, evaluation.verdicts)), statuses, words))
