"""Texts that all forms of a plan share: a command quoted for a POSIX shell, an object by name, lines of a comment."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.escape import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perpend.findings.remediation.plans import RemediationPlan

RAN_NOTHING: Final = "Perpend has run none of this. Read it, check what is to be checked, and run what you agree with."

_MOST_LINES: Final = 400


class UnquotableWord(ValueError):
    """A word that no line of a script can hold."""


def command_line(words: Sequence[str]) -> str:
    """Return a command as one line of a POSIX shell that gives exactly these words.

    Raises UnquotableWord for a word with signs that cannot be seen, which would end the line or mislead whoever reads it, or
    with `##[`, which the runner of a CI obeys anywhere in a line.
    """
    for word in words:
        if not word.isprintable() or word != visible(word):
            raise UnquotableWord(f"`{visible(word)}` cannot stand in a line of a script")
    return shlex.join(words)


def object_line(mending: RemediationPlan) -> str:
    """Return which object is meant, on one line: type, name, id, account."""
    judged = mending.object
    identity = judged.external_id or judged.id
    named = f"{judged.name} ({identity})" if identity and identity != judged.name else judged.name or "without a name"
    return visible(f"{mending.type_label} {named}, account {mending.account or 'not known'}")


def not_filled_line(mending: RemediationPlan) -> str:
    """Return why there are no commands for an object, on one line."""
    return f"not filled in: {visible('; '.join(mending.why_not))}"


def comment(text: str, first: str = "# ", rest: str | None = None) -> Iterator[str]:
    """Yield a text as lines of a comment: whatever it holds, none of it is outside the comment."""
    lines = text.splitlines()[:_MOST_LINES] or [""]
    for number, line in enumerate(lines):
        yield f"{(rest if rest is not None else first) if number else first}{visible(line)}".rstrip() + "\n"
