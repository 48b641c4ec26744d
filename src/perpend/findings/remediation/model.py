"""The model of a remedy.

Commands are lists of words, and words are texts with placeholders for names, so no shell is involved.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perpend.findings.remediation.name_kinds import NameKind

PLACE: Final = re.compile(r"<([a-z][a-z0-9-]{0,39})>")
"""A place for a name in a word."""

Words = tuple[str, ...]
Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class RemedyValue:
    """A name that commands take from an object: the path of its field, and its kind."""

    name: str
    path: str
    kind: NameKind


@dataclass(frozen=True, slots=True)
class Look:
    """A check before the change, and the command that shows its result, if there is one."""

    say: str
    run: Words = ()


@dataclass(frozen=True, slots=True)
class RemedyStep:
    """One change, and the command that undoes it, or the reason why there is none."""

    say: str
    run: Words
    undo: Words = ()
    no_undo: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """Attributes of one Terraform resource; a dot in a name leads into a block."""

    resource: str
    values: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Remedy:
    """The remedy of a policy, with placeholders, or filled with an object's names.

    ``no_commands`` is the reason why no command fixes the object; then all else is empty.
    """

    values: tuple[RemedyValue, ...]
    before: tuple[Look, ...]
    steps: tuple[RemedyStep, ...]
    terraform: tuple[Settings, ...] = ()
    no_commands: str = ""

    def commands(self) -> Iterator[Words]:
        """Yield all commands."""
        yield from (look.run for look in self.before if look.run)
        for step in self.steps:
            yield from (words for words in (step.run, step.undo) if words)

    def texts(self) -> Iterator[str]:
        """Yield all texts that may have placeholders."""
        for words in self.commands():
            yield from words
        for settings in self.terraform:
            yield from (value for value in settings.values.values() if isinstance(value, str))
