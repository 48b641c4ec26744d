"""Edits of a repository's files, shown to people, asked about, and written."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

import click

from perpend.authoring.scaffold.edits import changed_lines, edited
from perpend.authoring.scaffold.expectations import blanks_of
from perpend.authoring.scaffold.fixes import mended_files
from perpend.authoring.scaffold.writing import rewrite
from perpend.cli.options.streams import colours
from perpend.core.diagnostics.escape import inert, visible
from perpend.core.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from perpend.authoring.scaffold.edits import Edit
    from perpend.language.compiler.analyzer import Analyzer
    from perpend.language.syntax.repository import Repository


class NobodyToAsk(PerpendError):
    """Something that somebody has to agree to, where nobody sits at a terminal."""


class ChangedFile(NamedTuple):
    """A file of a repository by its path from the root, its text, and the edits that it is to take."""

    path: str
    text: str
    edits: Sequence[Edit]


def show_changes(files: Iterable[ChangedFile], *, err: bool = False) -> None:
    """Print the lines that change, as they are and as they will be."""
    drawn = colours() and not err
    for file in files:
        for lines in changed_lines(file.text, file.edits):
            click.echo(inert(f"{visible(file.path)}:{lines.number}"), err=err)
            signed = [("-", "red", text) for text in lines.before] + [("+", "green", text) for text in lines.after]
            for sign, colour, text in signed:
                line = f"  {sign} {visible(text.removesuffix(chr(13)))}"
                click.echo(click.style(line, fg=colour) if drawn else line, err=err)


def write_changes(root: Path, files: Iterable[ChangedFile]) -> None:
    """Write the files with their edits, each in one step."""
    for file in files:
        rewrite(root, file.path, file.text, edited(file.text, file.edits))


def mend_files(repository: Repository, paths: Sequence[str] | None, *, err: bool) -> None:
    """Mend what can be mended in one way only, in all files or at paths, and show it."""
    mended = mended_files(repository, paths)
    files = [ChangedFile(file.path, file.text, file.edits) for file in mended]
    show_changes(files, err=err)
    write_changes(repository.files.root, files)
    number = sum(len(file.edits) for file in files)
    if number:
        click.echo(f"mended {number:,} place{_s(number)} in {len(files):,} file{_s(len(files))}\n", err=err)
    else:
        click.echo("nothing could be mended\n", err=err)


def fill_expectations(analyzer: Analyzer, logic_ids: Sequence[str], *, yes: bool, err: bool) -> None:
    """Show how blank expectations would be filled, and fill them if somebody agrees. Raises NobodyToAsk.

    What is shown goes to standard error with ``err``, where a report for machines has the standard output.
    """
    blanks = blanks_of(analyzer, logic_ids)
    files = [ChangedFile(file.path, file.text, file.edits) for file in blanks if file.edits]
    show_changes(files, err=err)
    for file in blanks:
        for name, reason in file.left:
            click.echo(f"left as it is: {visible(name)} in {visible(file.path)}: {visible(reason)}", err=True)
    number = sum(file.filled for file in blanks)
    if not number:
        click.echo("no expectation was filled", err=err)
        return
    what = f"{number:,} expectation{_s(number)} in {len(files):,} file{_s(len(files))}"
    if not yes and not sys.stdin.isatty():
        raise NobodyToAsk(f"{what} would be filled, and nobody can be asked here: nothing was written; --yes fills them")
    if yes or click.confirm(f"Fill {what}?", err=True):
        write_changes(analyzer.repository.files.root, files)
        click.echo(f"filled {what}", err=err)
    else:
        click.echo("nothing was written", err=err)


def _s(number: int) -> str:
    return "" if number == 1 else "s"
