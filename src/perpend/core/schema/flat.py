"""Objects of which only own values are read in, one table's columns out: the short way for large inputs without relations."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from perpend.core.objects.object_types import is_deletion_field
from perpend.core.schema.shred import form_of, stored_value, told_apart
from perpend.core.schema.tables import CONTRADICTED, Column, Form, Table, plain, unread
from perpend.core.values.partial_object import MISSING, doubt_of
from perpend.core.values.values import PlainJson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perpend.core.schema.shred import Wanted

_TEXTS = frozenset({str, PlainJson, type(None)})


def flat_table(
    objects: Sequence[Mapping[str, Any]], type_name: str, wanted: Wanted, *, complete: bool
) -> tuple[Table, dict[str, list[Any]]]:
    """Return the table of objects and its columns, companions for what is not known among them. Plain JSON is marked where
    this package has written all of it.

    ``complete``: a key that an object does not have is null, else it is not known.
    """
    names = wanted.values | {"Id"} | {name for name in set().union(*objects) if is_deletion_field(name)}
    held: dict[str, list[Any]] = {}
    columns: dict[str, Column] = {}
    for name, called in told_apart(sorted(names)).items():
        known = complete or (name not in wanted.values)
        values, reasons = _values(objects, name, known=known)
        form = form_of(values)
        if form is Form.VARIANT:
            values = [None if value is None else json.dumps(value, ensure_ascii=False) for value in values]
        documents = form is Form.TEXT and any(value is not None and value[:1] in ("{", "[") for value in values)
        columns[name] = Column(called, form, any(reasons), documents)
        held[called] = values
        if columns[name].partial:
            held[unread(called)] = reasons
        if documents and _TEXTS - {str} >= set(map(type, values)):
            held[plain(called)] = [value is not None for value in values]
    doubts = [doubt_of(fields) for fields in objects]
    if any(doubts):
        held[CONTRADICTED] = doubts
    return Table(type_name, type_name, columns, rows=len(objects), contradicted=any(doubts)), held


def _values(objects: Sequence[Mapping[str, Any]], name: str, *, known: bool) -> tuple[list[Any], list[str | None]]:
    """Return a column's values, and why those are not known that are not."""
    values = [fields.get(name) for fields in objects]
    kinds = set(map(type, values))
    reasons: list[str | None] = []
    if type(None) in kinds and not known:
        reasons = [None if name in fields else MISSING for fields in objects]
    if kinds <= _TEXTS and all(map(str.isascii, filter(None, values))):
        return values, reasons
    stored = [stored_value(value) for value in values]
    odd = [reason for _, reason in stored]
    if any(odd):
        reasons = [own or other for own, other in zip(odd, reasons or odd, strict=True)]
    return [value for value, _ in stored], reasons
