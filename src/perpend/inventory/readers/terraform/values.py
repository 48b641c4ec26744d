"""Planned values: known, known after apply, sensitive, or not there.

A plan states a value, what of it is unknown, and what of it is sensitive, in three trees of the same shape. They are read as
one tree, with a mark where a value is unknown. Source: Terraform's documentation, "JSON Output Format".
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_STEP: Final = re.compile(r"([A-Za-z0-9_@]+)((?:\[0?\])?)")


class Mark:
    """A value that a plan does not state, with the reason."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __repr__(self) -> str:
        return f"<{self.reason}>"


LATER: Final = Mark("is known after apply")
SENSITIVE: Final = Mark("is sensitive, and is not read")
NULL: Final = Mark("is null")
"""The value is null on something that exists: the provider read nothing."""

ABSENT: Final = Mark("is not configured")
"""Nothing sets the value: the provider or AWS fills it in when the object is created."""


def marked(value: Any, unknown: Any, sensitive: Any) -> Any:
    """Return a planned value with marks where it is unknown or sensitive."""
    if unknown is True:
        return LATER
    if sensitive is True:
        return SENSITIVE
    if isinstance(value, dict) or isinstance(unknown, dict):
        parts = value if isinstance(value, dict) else {}
        return (
            {
                name: marked(parts.get(name), _part(unknown, name), _part(sensitive, name))
                for name in (*parts, *(one for one in unknown if one not in parts))
            }
            if isinstance(unknown, dict)
            else {name: marked(part, None, _part(sensitive, name)) for name, part in parts.items()}
        )
    if isinstance(value, list) or isinstance(unknown, list):
        entries = value if isinstance(value, list) else []
        more = unknown if isinstance(unknown, list) else []
        return [
            marked(_entry(entries, place), _entry(more, place), _entry(sensitive, place))
            for place in range(max(len(entries), len(more)))
        ]
    return value


def _part(tree: Any, name: str) -> Any:
    return tree.get(name) if isinstance(tree, dict) else None


def _entry(tree: Any, place: int) -> Any:
    return tree[place] if isinstance(tree, list) and place < len(tree) else None


def mark_in(value: Any) -> Mark | None:
    """Return the first mark in a value, None if all of it is known."""
    if isinstance(value, Mark):
        return value
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((mark for part in parts if (mark := mark_in(part)) is not None), None)


@lru_cache(maxsize=2048)
def steps_of(path: str) -> tuple[tuple[str, str], ...]:
    """Return the steps of a path: a name, and ``[0]`` for a block that occurs once, ``[]`` for a list of blocks."""
    steps = []
    for step in path.split("."):
        match = _STEP.fullmatch(step)
        if match is None:
            raise ValueError(f"`{path}` is no path of an attribute")
        steps.append((match[1], match[2]))
    return tuple(steps)


def top_of(path: str) -> str:
    """Return the attribute of a resource that a path begins with."""
    return steps_of(path)[0][0]


def known_text(values: Mapping[str, Any], name: str) -> str | None:
    """Return an attribute that is a known text, None for any other."""
    value = values.get(name)
    return value if isinstance(value, str) and value else None
