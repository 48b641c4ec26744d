"""A command run once, and again after each change of a repository, until Ctrl-C."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from perpend.core.diagnostics.escape import inert, visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.errors import PerpendError
from perpend.language.syntax.watch import Watch, watched

if TYPE_CHECKING:
    from collections.abc import Callable

    from perpend.language.syntax.repository import Repository


def run_again_and_again(run: Callable[[], int], repository: Repository) -> int:
    """Run, and run again after each change. What cannot be read for a while, because it is being written, is only told."""
    watch = Watch(watched(repository.files.root))
    waiting = f"watching {repository.files.root} (Ctrl-C ends)"
    before = watch.seen

    def again() -> None:
        nonlocal before
        changed = sorted({os.path.relpath(path, repository.files.root) for path, *_ in watch.seen ^ before})
        before = watch.seen
        others = f" and {counted(len(changed) - 1, 'other file')} have" if changed[1:] else " has"
        click.echo(inert(f"\n{visible(changed[0])}{others} changed"))
        try:
            run()
        except BrokenPipeError:
            raise
        except (PerpendError, OSError) as error:
            click.echo(f"perpend: not run: {error}", err=True)
        click.echo(waiting)

    code = run()
    click.echo(waiting)
    watch.run(again)
    return code
