"""Create Pagefind's search index, and a small index of titles for pages opened from a disk."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
from pathlib import Path
from tempfile import TemporaryFile
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.extras import command_to_add
from perpend.core.errors import PerpendError
from perpend.reports.site.manifest import OWN
from perpend.reports.site.render.addresses import quoted
from perpend.reports.site.render.drawing import shown
from perpend.reports.site.render.pages import description_of
from perpend.reports.site.stable_index import settle_index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from perpend.reports.site.content.page import Head

DIRECTORY: Final = f"{OWN}/pagefind"
"""Where Pagefind's files are, below the site's root."""

_UNUSED: Final = ("-ui", "-modular", "-component", "-highlight", "playground")
_SECONDS: Final = 600


_PAUSE: Final = 0.05


class NoIndex(PerpendError):
    """The search index could not be made."""


class Overtaken(PerpendError):
    """A build was given up, as there is something newer to build."""


def index_pages(site: Path, overtaken: Callable[[], bool] | None = None) -> None:
    """Run Pagefind over a site. The files of its own user interface are left out.

    Raise :class:`NoIndex`, and :class:`Overtaken` as soon as ``overtaken`` returns True.
    """
    binary = _binary()
    command = [str(binary), "--site", str(site), "--output-subdir", DIRECTORY, "--quiet"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PAGEFIND_")}
    try:
        code, said = _run(command, environment, overtaken)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoIndex(f"the search index cannot be made: {error}") from None
    if code:
        raise NoIndex(f"the search index cannot be made: {said.strip()[-500:]}")
    for path in (site / DIRECTORY).iterdir():
        if path.is_file() and any(part in path.name for part in _UNUSED):
            path.unlink()
    settle_index(site / DIRECTORY)


def _run(command: list[str], environment: dict[str, str], overtaken: Callable[[], bool] | None) -> tuple[int, str]:
    """Run a command to its end, or until it is overtaken. Return its exit code and its output."""
    with (
        TemporaryFile() as output,
        subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, env=environment) as running,  # noqa: S603 our own command
    ):
        try:
            _await_end(running, command, overtaken)
        finally:
            running.kill()
        output.seek(0)
        return running.returncode, output.read().decode("utf-8", "replace")


def _await_end(running: subprocess.Popen[bytes], command: list[str], overtaken: Callable[[], bool] | None) -> None:
    begun = monotonic()
    while running.poll() is None:
        if overtaken is not None and overtaken():
            raise Overtaken("there is something newer to build")
        if monotonic() - begun > _SECONDS:
            raise subprocess.TimeoutExpired(command, _SECONDS)
        sleep(_PAUSE)


def _binary() -> Path:
    """Return the path of the Pagefind binary of the package ``pagefind-bin-extended``."""
    for name in ("pagefind_bin_extended", "pagefind_bin"):
        spec = importlib.util.find_spec(name)
        places = spec.submodule_search_locations or () if spec else ()
        for path in sorted(path for place in places for path in Path(place).glob("pagefind*")):
            if os.access(path, os.X_OK) and path.suffix in ("", ".exe"):
                return path
    raise NoIndex(f"the search needs Pagefind: {command_to_add('site')}")


def title_index(heads: Iterable[tuple[str, Head]]) -> str:
    """Return a script that holds address, kind, title, id and further words of each page, for pages opened from a disk."""
    rows = []
    for path, head in heads:
        ref = head.ref
        texts = (ref.name, ref.id, description_of(head)[:120], " ".join(head.words))
        rows.append([quoted(path), ref.kind.value, *map(shown, texts)])
    text = json.dumps(rows, ensure_ascii=True, separators=(",", ":"))
    return f"globalThis.perpendTitles={text};\n"
