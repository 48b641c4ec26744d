"""Open output streams: standard output, or a file that is written whole or not at all, readable by its owner only."""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

from perpend.core.commit import no_link, replacement
from perpend.core.diagnostics.escape import trimmed, visible, without_commands
from perpend.core.diagnostics.warn import is_silent
from perpend.core.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console


_NARROWEST = 80
"""The width of a terminal that reports a width of 0."""

_HEIGHT = 100
"""The height of a console that writes to a file. Nothing depends on it."""


class CannotWrite(PerpendError):
    """An output file that cannot be written."""

    @classmethod
    def because(cls, path: str | None, error: OSError) -> CannotWrite:
        """Return the error for a path and the reason that the system gives."""
        return cls(f"{path}: cannot be written: {(error.strerror or str(error)).lower()}")


@contextmanager
def output_stream(path: str | None, *, to_look_at: bool = False) -> Iterator[TextIO]:
    """Yield the stream to write to: a file, or standard output for None and ``-``.

    A file is written under a temporary name and renamed at the end, with mode 0600; if it is a link, the target is replaced. A
    device or a pipe is written to directly. Control characters are escaped for a terminal, unless the text is ``to_look_at``
    for one.
    """
    if path is None or path == "-":
        yield _plain_stdout(to_look_at=to_look_at)
        return
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise CannotWrite(f"{path}: cannot be written: is a directory")
    try:
        with _direct(path) if _is_special(path) else _renamed(target) as stream:
            yield stream
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CannotWrite.because(path, error) from None


@contextmanager
def output_bytes(path: str) -> Iterator[BinaryIO]:
    """Yield the binary stream of a file. It is written under a temporary name and renamed at the end, with mode 0600."""
    target = Path(os.path.realpath(path))
    if target.is_dir() or _is_special(path):
        raise CannotWrite(f"{path}: cannot be written: is {'a directory' if target.is_dir() else 'not a regular file'}")
    try:
        with replacement(target) as part, open(part, "w+b", opener=no_link) as stream:
            yield stream
    except OSError as error:
        raise CannotWrite.because(path, error) from None


def refuse_input_as_output(path: str | None, inputs: Sequence[str]) -> None:
    """Raise CannotWrite if the output file is an input as well."""
    for name in inputs if path not in (None, "-") else ():
        if path and os.path.exists(path) and os.path.exists(name) and os.path.samefile(path, name) and not _is_special(path):
            raise CannotWrite(f"{path}: is an input as well; nothing was written")


def _is_special(path: str) -> bool:
    """Whether the path exists and is not a regular file."""
    return os.path.exists(path) and not os.path.isfile(path)


@contextmanager
def _direct(path: str) -> Iterator[TextIO]:
    with open(path, "w", encoding="utf-8", newline="", errors="surrogatepass") as stream:
        yield stream


@contextmanager
def _renamed(target: Path) -> Iterator[TextIO]:
    with (
        replacement(target) as part,
        open(part, "w", encoding="utf-8", newline="", errors="surrogatepass", opener=no_link) as stream,
    ):
        yield stream


def _plain_stdout(*, to_look_at: bool) -> TextIO:
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", newline="", errors="backslashreplace")
    return sys.stdout if to_look_at or not sys.stdout.isatty() else _Terminal(sys.stdout)


class _Terminal(io.TextIOBase, TextIO):
    """A terminal that shows text for machines. It escapes signs that move the cursor or change the reading order."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str, /) -> int:
        lines = text.replace("\r\n", "\n").split("\n")
        self._stream.write("\n".join("\t".join(map(visible, line.split("\t"))) for line in lines))
        return len(text)

    def flush(self) -> None:
        self._stream.flush()


@contextmanager
def terminal(path: str | None) -> Iterator[Console]:
    """Yield a console for text that people read: the terminal, or a file without colours.

    Signs that the terminal's encoding lacks are escaped.
    """
    from rich.console import Console

    class _Console(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    if path is None or path == "-":
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="backslashreplace")
        width = _NARROWEST if os.environ.get("COLUMNS", "").strip() == "0" else None
        console = _Console(width=width, highlight=False, markup=False, emoji=False, no_color=None if colours() else True)
        console.size = console.size  # rich asks the terminal for its size for every line otherwise
        console.file = (without_commands if console.is_terminal else trimmed)(console.file)
        yield console
        return
    with output_stream(path) as stream:
        yield _Console(
            file=trimmed(stream), width=120, height=_HEIGHT, highlight=False, markup=False, emoji=False, color_system=None
        )


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Callable[[int], None] | None]:
    """Show a progress bar. Yield the function to call with the number done so far.

    Yield None if standard error is not a terminal, or if a program hears the warnings.
    """
    if is_silent() or not sys.stderr.isatty():
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
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
