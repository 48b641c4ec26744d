"""The base class of Perpend's exceptions. Users' mistakes are diagnostics or subclasses of it, never bare tracebacks."""

from __future__ import annotations

from typing import Any, TypeVar


def reject_single_text(given: object, what: str) -> None:
    """Raise TypeError if a single text is given for a collection: its letters would be taken for the items."""
    if isinstance(given, (str, bytes)):
        raise TypeError(f"{what} must be a list, not one text: write [{given!r}]")


class PerpendError(Exception):
    """An error that Perpend explains in one message. It can be pickled, to be raised again in another process.

    ``value`` is the value that the user gave and that is wrong, such as a path or the name of a policy; None if it is not
    known. The command line finds with it the line of the configuration file that holds the value.
    """

    value: str | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Return the parts to make the same error again, independent of the class's constructor."""
        return _copy, (type(self), self.args, self.__dict__)


class PerpendWarning(UserWarning):
    """A fact that a program should know of a result that is valid: a failed call, an undetermined object, an old waiver."""


class InvalidOption(PerpendError):
    """Options that do not go together, or a value that an option cannot have.

    ``options`` are the options that the message speaks of, as the command line spells them.
    """

    def __init__(self, message: str, *options: str) -> None:
        super().__init__(message)
        self.options = options


_Error = TypeVar("_Error", bound=PerpendError)


def about(value: object, error: _Error) -> _Error:
    """Return an error, after noting the value that is wrong in its attribute ``value``."""
    error.value = str(value)
    return error


def _copy(class_: type[PerpendError], arguments: tuple[Any, ...], members: dict[str, Any]) -> PerpendError:
    error = class_.__new__(class_, *arguments)
    error.__dict__.update(members)
    return error
