"""The root of Perpend's exceptions. Mistakes of users are diagnostics or subclasses of it, never bare tracebacks."""

from __future__ import annotations

from typing import Any


def refuse_text(given: object, what: str) -> None:
    """Raise TypeError where one text stands for several: its letters would be taken for them."""
    if isinstance(given, (str, bytes)):
        raise TypeError(f"{what} are several, not one text: write [{given!r}]")


class PerpendError(Exception):
    """Something went wrong in a way that Perpend knows how to name. It is told between processes as it is."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what makes the same error again, however its class is made."""
        return _told, (type(self), self.args, self.__dict__)


def _told(class_: type[PerpendError], arguments: tuple[Any, ...], members: dict[str, Any]) -> PerpendError:
    error = class_.__new__(class_, *arguments)
    error.__dict__.update(members)
    return error
