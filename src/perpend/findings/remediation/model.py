"""A remedy as values: commands are lists of words, words are texts with places for names. No shell is known here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perpend.findings.remediation.name_kinds import NameKind

PLACE: Final = re.compile(r"<([a-z][a-z0-9-]{0,39})>")
"""A place for a name in a word."""

Words = tuple[str, ...]
Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class RemedyValue:
    """A name that commands take from an object: the path of its field, and what one looks like."""

    name: str
    path: str
    kind: NameKind


@dataclass(frozen=True, slots=True)
class Look:
    """What to check before, and the command that shows it, where there is one."""

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
    """Attributes of one Terraform resource; a point in a name leads into a block."""

    resource: str
    values: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Remedy:
    """How objects that a policy finds incompliant are mended; with its places, or with an object's names in them."""

    values: tuple[RemedyValue, ...]
    before: tuple[Look, ...]
    steps: tuple[RemedyStep, ...]
    terraform: tuple[Settings, ...] = ()

    def commands(self) -> Iterator[Words]:
        """Yield all commands."""
        yield from (look.run for look in self.before if look.run)
        for step in self.steps:
            yield from (words for words in (step.run, step.undo) if words)

    def texts(self) -> Iterator[str]:
        """Yield all texts that may hold places."""
        for words in self.commands():
            yield from words
        for settings in self.terraform:
            yield from (value for value in settings.values.values() if isinstance(value, str))
