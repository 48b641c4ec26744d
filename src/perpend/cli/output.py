"""Where output goes: standard output, or a file that appears whole or not at all, readable by its owner only."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from perpend.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console


class CannotWrite(PerpendError):
    """An output file that cannot be written."""


@contextmanager
def output_stream(path: str | None) -> Iterator[TextIO]:
    """Yield the stream to write to. A file is written beside its place and moved there at the end, with mode 0600."""
    if path is None or path == "-":
        yield _plain_stdout()
        return
    target = Path(path)
    try:
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    except OSError as error:
        raise CannotWrite(f"{path}: cannot be written: {error.strerror}") from None
    try:
        with open(descriptor, "w", encoding="utf-8", newline="", errors="surrogatepass") as stream:
            yield stream
        os.replace(temporary, target)
    except OSError as error:
        raise CannotWrite(f"{path}: cannot be written: {error.strerror}") from None
    finally:
        Path(temporary).unlink(missing_ok=True)


def _plain_stdout() -> TextIO:
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", newline="", errors="backslashreplace")
    return sys.stdout


@contextmanager
def terminal(path: str | None) -> Iterator[Console]:
    """Yield a console for text that people read: the terminal, or a file without colours."""
    from rich.console import Console

    if path is None or path == "-":
        yield Console(highlight=False, markup=False, emoji=False)
        return
    with output_stream(path) as stream:
        yield Console(file=stream, width=120, highlight=False, markup=False, emoji=False, color_system=None)


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Callable[[int], None] | None]:
    """Yield a function to call with how much is done; None where standard error is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done: bar.update(task, completed=done)


def colours() -> bool:
    """Whether standard output is a terminal that shows colours."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
