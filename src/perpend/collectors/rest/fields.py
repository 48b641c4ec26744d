"""Read the fields of an object from the items of its listing and its detail calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.items import ABOVE, NotThere
from perpend.collectors.rest.errors import MalformedAnswer
from perpend.collectors.rest.pages import member
from perpend.collectors.rest.rows import ACCOUNT, filled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.collectors.rest.rows import FieldSource, RestTables, TypeRow

_ODD_FORM: Final = "has another form in the answer"
_SHAPES: Final = (TypeError, ValueError, KeyError, AttributeError, IndexError)
"""The errors of a transform whose member has another form."""


def text_at(item: Mapping[str, Any], path: str, account: str) -> str:
    """Return the text of a placeholder: the account, or a member of an item. Raises MalformedAnswer if there is none."""
    value = account if path == ACCOUNT else member(item, path)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value:
        raise MalformedAnswer("NoId")
    return value


def id_of(tables: RestTables, row: TypeRow, item: Mapping[str, Any], account: str) -> str:
    """Return the Id of an object as the store has it. Raises MalformedAnswer if the item has none."""
    return tables.normalized(filled(row.id, lambda path: text_at(item, path, account)))


def objects_in(row: TypeRow, item: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the objects in a listed item: itself, or its nested ones. Raises MalformedAnswer without their list."""
    if not row.inside:
        return [item]
    try:
        nested = member(item, row.inside) if isinstance(row.inside, str) else row.inside(item)
    except _SHAPES:
        raise MalformedAnswer("NoItems") from None
    if not isinstance(nested, list) or not all(isinstance(one, dict) for one in nested):
        raise MalformedAnswer("NoItems")
    return [{**one, ABOVE: item} for one in nested]


def fields_from(row: TypeRow, call: str, item: Any, account: str, known: dict[str, Any], reasons: dict[str, str]) -> None:
    """Add the fields that a call serves, from its item, and the reasons why others are unknown."""
    for name, source in row.fields.items():
        if source.call != call:
            continue
        try:
            known[name] = value_of(source, item, account)
        except NotThere as error:
            reasons[name] = f"was not read: {error}"


def value_of(source: FieldSource, item: Any, account: str) -> Any:
    """Return the value of a field. Raises NotThere if the item does not show it."""
    if source.template:
        return _transformed(source, filled(source.template, lambda path: _place(item, path, account)), source.template)
    around, _, last = source.path.rpartition(".")
    container = member(item, around) if around else item
    if container is not None and not isinstance(container, dict):
        raise NotThere(f"{around} {_ODD_FORM}")
    value = (container or {}).get(last) if source.path else item
    if value is None and source.also:
        value = member(item, source.also)
    if value is not None:
        return _transformed(source, value, source.path)
    around_it = [member(item, path) for path in (source.within, source.also_within) if path] if source.within else [container]
    is_known = any(one is not None for one in around_it)
    if is_known and source.otherwise is not None:
        return source.otherwise
    if is_known and source.optional:
        return None
    raise NotThere(f"{source.path} is not in the answer")


def _transformed(source: FieldSource, value: Any, name: str) -> Any:
    """Return the value that a field has for a member or a filled template of some name. Raises NotThere."""
    if source.transform is None:
        if isinstance(value, (str, int, float)):
            return value
        raise NotThere(f"{name} {_ODD_FORM}")
    try:
        return source.transform(value)
    except _SHAPES:
        raise NotThere(f"{name} {_ODD_FORM}") from None


def _place(item: Any, path: str, account: str) -> str:
    try:
        return text_at(item, path, account)
    except MalformedAnswer:
        raise NotThere(f"{path} is not in the answer") from None
