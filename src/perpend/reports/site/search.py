"""Create Pagefind's search index, and a small index of titles for pages opened from a disk.

Pagefind writes filters and their values in an order that differs from run to run, and names files after their content. So the
index is sorted: equal sites have equal files. Its files are CBOR (RFC 8949) after a marker, compressed. They use only arrays,
texts and numbers.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.extras import command_to_add
from perpend.core.errors import PerpendError
from perpend.reports.site.directory import OWN, digest
from perpend.reports.site.render.addresses import quoted
from perpend.reports.site.render.drawing import shown
from perpend.reports.site.render.pages import description_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perpend.reports.site.content.page import Head

    Value = int | str | list["Value"]

DIRECTORY: Final = f"{OWN}/pagefind"
"""The directory of Pagefind's files, below the site's root."""

_UNUSED: Final = ("-ui", "-modular", "-component", "-highlight", "playground")
_SECONDS: Final = 600


class NoIndex(PerpendError):
    """The search index could not be made."""


def index_pages(site: Path) -> None:
    """Run Pagefind over a site. The files of its own user interface are left out. Raise :class:`NoIndex`."""
    command = [str(_binary()), "--site", str(site), "--output-subdir", DIRECTORY, "--quiet"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PAGEFIND_")}
    try:
        ran = subprocess.run(  # noqa: S603 our own command
            command, capture_output=True, stdin=subprocess.DEVNULL, env=environment, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoIndex(f"the search index cannot be created: {error}") from None
    if ran.returncode:
        output = (ran.stdout + ran.stderr).decode("utf-8", "replace")
        raise NoIndex(f"the search index cannot be created: {output.strip()[-500:]}")
    for path in (site / DIRECTORY).iterdir():
        if path.is_file() and any(part in path.name for part in _UNUSED):
            path.unlink()
    sort_index(site / DIRECTORY)


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


_WORD: Final = b"pagefind_dcd"
_NUMBER, _TEXT, _ARRAY = 0, 3, 4
_FILTERS: Final = 3
"""The position of the filters in the file of a language, each with its name and the name of its file."""


def sort_index(index: Path) -> None:
    """Sort the filters of an index. An index of an unknown form stays as it is."""
    entry = index / "pagefind-entry.json"
    index_entry = json.loads(entry.read_text("utf-8"))
    for language in index_entry["languages"].values():
        language["hash"] = _sort_language(index, language["hash"])
    entry.write_text(json.dumps(index_entry, ensure_ascii=False, separators=(",", ":")), "utf-8")


def _sort_language(index: Path, name: str) -> str:
    """Sort the filters of one language, and return the new name of its file."""
    place = index / f"pagefind.{name}.pf_meta"
    try:
        meta = _list(_read(place))
        pairs = [(_text(title), _text(file)) for title, file in map(_list, _list(meta[_FILTERS]))]
        contents = [_in_order(index / "filter" / f"{file}.pf_filter") for _, file in pairs]
    except (OSError, EOFError, IndexError, ValueError):
        return name
    prefix = name.partition("_")[0]
    named: list[Value] = []
    for (title, file), content in sorted(zip(pairs, contents, strict=True)):
        (index / "filter" / f"{file}.pf_filter").unlink()
        new_name = f"{prefix}_{digest(content)[:10]}"
        _write(index / "filter" / f"{new_name}.pf_filter", content)
        named.append([title, new_name])
    meta[_FILTERS] = named
    place.unlink()
    content = _encoded(meta)
    _write(index / f"pagefind.{prefix}_{digest(content)[:10]}.pf_meta", content)
    return f"{prefix}_{digest(content)[:10]}"


def _in_order(place: Path) -> bytes:
    """Return the content of a filter file with its values sorted, each with its pages."""
    title, values = _list(_read(place))
    return _encoded([title, sorted(_list(values), key=lambda value: _text(_list(value)[0]))])


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise ValueError(value)
    return value


def _list(value: Value) -> list[Value]:
    if not isinstance(value, list):
        raise ValueError(value)
    return value


def _read(place: Path) -> Value:
    content = gzip.decompress(place.read_bytes())
    value, _ = _decoded(content, len(_WORD))
    if _WORD + _encoded(value) != content:
        raise ValueError(place)
    return value


def _write(place: Path, content: bytes) -> None:
    place.write_bytes(gzip.compress(_WORD + content, mtime=0))


def _decoded(content: bytes, start: int) -> tuple[Value, int]:
    """Return the value at an offset, and the offset after it."""
    form, number, start = content[start] >> 5, content[start] & 31, start + 1
    if number >= 24:
        width = 1 << (number - 24)
        number, start = int.from_bytes(content[start : start + width], "big"), start + width
    if form == _NUMBER:
        return number, start
    if form == _TEXT:
        return content[start : start + number].decode("utf-8", "surrogateescape"), start + number
    if form != _ARRAY or number > len(content):
        raise ValueError(form)
    values: list[Value] = []
    for _ in range(number):
        value, start = _decoded(content, start)
        values.append(value)
    return values, start


def _encoded(value: Value) -> bytes:
    if isinstance(value, int):
        return _head(_NUMBER, value)
    if isinstance(value, str):
        text = value.encode("utf-8", "surrogateescape")
        return _head(_TEXT, len(text)) + text
    return _head(_ARRAY, len(value)) + b"".join(map(_encoded, value))


def _head(form: int, number: int) -> bytes:
    if number < 24:
        return bytes([form << 5 | number])
    width = next(width for width in range(4) if number < 1 << (8 << width))
    return bytes([form << 5 | (24 + width)]) + number.to_bytes(1 << width, "big")
