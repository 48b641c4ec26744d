"""The base class of Perpend's exceptions. Users' mistakes are diagnostics or subclasses of it, never bare tracebacks."""

from __future__ import annotations

from typing import Any


def refuse_text(given: object, what: str) -> None:
    """Raise TypeError if a single text is given for a collection: its letters would be taken for the items."""
    if isinstance(given, (str, bytes)):
        raise TypeError(f"{what} must be a list, not one text: write [{given!r}]")


class PerpendError(Exception):
    """An error that Perpend reports as one message. Processes can pass it to each other unchanged."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Return a constructor call that copies the error without calling ``__init__`` of its class."""
        return _copy, (type(self), self.args, self.__dict__)


def _copy(class_: type[PerpendError], arguments: tuple[Any, ...], members: dict[str, Any]) -> PerpendError:
    error = class_.__new__(class_, *arguments)
    error.__dict__.update(members)
    return error
