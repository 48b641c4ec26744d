"""Show edits of a repository's files, ask for consent, and write them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from perpend.authoring.scaffold.edits import changed_lines
from perpend.authoring.scaffold.expectations import fill_blanks
from perpend.authoring.scaffold.fixes import fixed_files
from perpend.authoring.scaffold.writing import write_edits
from perpend.core.diagnostics.escape import inert, visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.errors import PerpendError
from perpend.reports.streams import colours

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perpend.authoring.scaffold.edits import EditedFile
    from perpend.language.compiler.analyzer import Analyzer
    from perpend.language.syntax.repository import Repository


class NoConsent(PerpendError):
    """Edits need consent, and there is no terminal to ask at."""


def show_edits(files: Iterable[EditedFile], *, err: bool) -> None:
    """Print the lines that change, before and after."""
    coloured = colours() and not err
    for file in files:
        for lines in changed_lines(file.text, file.edits):
            click.echo(inert(f"{visible(file.path)}:{lines.number}"), err=err)
            signed = [("-", "red", text) for text in lines.before] + [("+", "green", text) for text in lines.after]
            for mark, colour, text in signed:
                line = f"  {mark} {visible(text.removesuffix(chr(13)))}"
                click.echo(click.style(line, fg=colour) if coloured else line, err=err)


def fix_files(repository: Repository, paths: Sequence[str] | None, *, err: bool) -> None:
    """Fix all files, or those at ``paths``, and print the changes."""
    files = fixed_files(repository, paths)
    show_edits(files, err=err)
    write_edits(repository.files.root, files)
    number = sum(len(file.edits) for file in files)
    if number:
        click.echo(f"fixed {counted(number, 'place')} in {counted(len(files), 'file')}\n", err=err)
    else:
        click.echo("there is nothing to fix\n", err=err)


def fill_expectations(analyzer: Analyzer, logic_ids: Sequence[str], *, yes: bool, err: bool) -> None:
    """Show how blank expectations would be filled, and fill them with the user's consent. Raise :class:`NoConsent`.

    ``err`` prints the edits to standard error, because standard output holds a report for machines.
    """
    filled = fill_blanks(analyzer, logic_ids)
    files = [file for file in filled if file.edits]
    show_edits(files, err=err)
    for file in filled:
        for name, reason in file.unfilled:
            click.echo(f"unchanged: {visible(name)} in {visible(file.path)}: {visible(reason)}", err=True)
    number = sum(file.filled for file in filled)
    if not number:
        click.echo("no expectation was filled", err=err)
        return
    subject = f"{counted(number, 'expectation')} in {counted(len(files), 'file')}"
    if not yes and not sys.stdin.isatty():
        raise NoConsent(f"{subject} would be filled, but standard input is no terminal to confirm at: add --yes to fill them")
    if yes or click.confirm(f"Fill {subject}?", err=True):
        write_edits(analyzer.repository.files.root, files)
        click.echo(f"filled {subject}", err=err)
    else:
        click.echo("nothing was written", err=err)
