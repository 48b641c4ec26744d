"""What is wrong with the tree of a repository, told beside the output of commands that do not list faults themselves."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from perpend.core.diagnostics.model import sorted_diagnostics
from perpend.core.diagnostics.text import render_text

if TYPE_CHECKING:
    from perpend.language.syntax.repository import Repository

_SHOWN: Final = 20


def tell_tree_faults(repository: Repository) -> None:
    """Say on standard error which files and links of a repository are not read: what they hold counts for nothing."""
    faults = sorted_diagnostics(repository.tree.diagnostics)
    if not faults:
        return
    text = render_text(faults[:_SHOWN], source_line=lambda *_: None, colour=sys.stderr.isatty())
    click.echo(text, err=True, nl=False)
    if len(faults) > _SHOWN:
        click.echo(f"perpend: {len(faults) - _SHOWN:,} more files and links are not read: perpend lint names them", err=True)
