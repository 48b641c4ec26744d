"""What keeps policies from judging, told to people."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from perpend.diagnostics.text import render_text

if TYPE_CHECKING:
    from collections.abc import Collection

    from perpend.diagnostics.model import Diagnostic
    from perpend.judge.selection import Selection
    from perpend.load.repository import Repository

_MOST_NAMED = 10


def tell_problems(repository: Repository, problems: Collection[Diagnostic]) -> None:
    """Print diagnostics of a repository's files on standard error, where there are any."""
    if problems:
        text = render_text(problems, source_line=repository.files.source_line, colour=sys.stderr.isatty())
        click.echo(text, err=True, nl=False)


def tell_refused(repository: Repository, selection: Selection) -> None:
    """Print what keeps policies from judging, and which they are, where there are any."""
    tell_problems(repository, selection.misspelt)
    if not selection.refused:
        return
    tell_problems(repository, [problem for found in selection.refused.values() for problem in found])
    number, names = len(selection.refused), ", ".join(list(selection.refused)[:_MOST_NAMED])
    click.echo(f"perpend: {number} {'policy is' if number == 1 else 'policies are'} not judged: {names}", err=True)
