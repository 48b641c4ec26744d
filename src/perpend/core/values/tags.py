"""Read names with values from one field: tags in a JSON object, attributes in lines of text."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from perpend.core.values.values import WHITE_SPACE, is_empty_text, json_from_text, norm

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TAGS_FIELD: Final = "CA10__tagsJson__c"
"""The field with an object's tags: a JSON object of names and values, `{}` without tags.

Operations on tags read it by default, and collectors fill it. Its value is null, with a reason, if the tags could not be read.
A table without the column has objects whose tags were not asked for.
"""

_LINE_ENDS = re.compile(r"\r\n|\n|\r")

Attributes = tuple[tuple[str, str], ...]
"""Pairs of a name in normal form and a value, in the order of the lines."""


class NoTagsError(ValueError):
    """A field that does not hold tags."""


def tags_from(value: Any) -> Mapping[str, Any]:
    """Return the tags in a field, which is a JSON object or its text; null and a blank text have none.

    Raises :class:`NoTagsError` for any other value.
    """
    if isinstance(value, str):
        try:
            value = None if is_empty_text(value) else json_from_text(value)
        except ValueError as error:
            raise NoTagsError(f"is not JSON: {error}") from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise NoTagsError("is no JSON object")
    return value


def has_tag(tags: Mapping[str, Any], name: str | None, *, exact: bool) -> bool:
    """Whether there is a tag of a name. Unless ``exact``, only letters and digits are compared, in either case."""
    return (name or "") in tags if exact else _letters(name or "") in map(_letters, tags)


def tag_value(tags: Mapping[str, Any], name: str | None, *, exact: bool) -> str | None:
    """Return the value of the first tag of a name, as JSON if it is not a text; None if it is null or absent."""
    wanted = (name or "") if exact else _letters(name or "")
    value = next((value for key, value in tags.items() if (key if exact else _letters(key)) == wanted), None)
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).lower()


def attributes_from(text: str) -> Attributes:
    """Return the attributes in lines of the form ``name: value``. Other lines are ignored."""
    pairs = (line.partition(":") for line in _LINE_ENDS.split(text))
    return tuple((norm(name), value.strip(WHITE_SPACE)) for name, equals, value in pairs if equals)


def attribute_values(attributes: Iterable[tuple[str, str]], name: str | None) -> list[str]:
    """Return the values of a name without repetitions that differ only in case and white space."""
    wanted = norm(name)
    values = {norm(value): value for key, value in reversed(tuple(attributes)) if key == wanted}
    return [*reversed(values.values())]
