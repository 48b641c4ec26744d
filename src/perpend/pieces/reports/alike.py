"""Rows of reports with the same columns in, by ARN; what collectors make of them out, without a look into their documents.

Where all have the same columns, none can say more than another: equal rows collapse, others contradict each other
(``collect/merge.py``).
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from perpend.collect.contradictions import sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_NAME_FIELD: Final = "CA10__userName__c"
_FIRST_VALUE: Final = 5

Row = tuple[Any, ...]
"""Source, line, user, ARN and document of a reading, then the values of its columns."""


def settled_alike(rows: Iterable[Row], columns: Sequence[str], sources: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
    """Yield for each ARN the readings that remain: the one that stands for all, then those that it contradicts.

    ``rows`` come by ARN, and each ARN's by source and line; ``sources`` are the names by number.
    """
    names = sorted(columns)
    values = itemgetter(*(_FIRST_VALUE + columns.index(name) for name in names))
    for _, group in groupby(rows, key=itemgetter(3)):
        apart: dict[Row, Row] = {}
        for row in group:
            apart.setdefault(values(row), row)
        # As JSON they would come in this order: what ends a value there is no sign of a plain one.
        found = sorted(apart.items(), key=lambda one: '"'.join((*one[0], "")))
        said = _said(found, names, sources) if len(found) > 1 else None
        yield [_row(row, said if place == 0 else None) for place, (_, row) in enumerate(found)]


def _said(found: Sequence[tuple[Row, Row]], names: Sequence[str], sources: Sequence[str]) -> str:
    """Return what is said of readings that contradict each other."""
    (first, (_, _, user, *_)), *others = found
    differing = {name for other, _ in others for name, ours, theirs in zip(names, first, other, strict=True) if ours != theirs}
    if any(row[2] != user for _, row in others):
        differing.add(_NAME_FIELD)
    return sentence(differing, [(sources[source], line) for _, (source, line, *_) in found])


def _row(row: Row, contradicted: str | None) -> dict[str, Any]:
    source, line, user, arn, document, *_ = row
    return {
        "source": source,
        "line": line,
        "arn": arn,
        "user": user,
        "document": document,
        "contradicted": contradicted,
    }
