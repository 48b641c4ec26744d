"""Sort the search index of Pagefind, so that equal sites have equal files.

Pagefind writes filters and their values in an order that differs from run to run, and names files after their content. Its
files are CBOR (RFC 8949) after a marker, compressed. They use only arrays, texts and numbers.
"""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Final

from perpend.reports.site.manifest import digest

if TYPE_CHECKING:
    from pathlib import Path

    Value = int | str | list["Value"]

_WORD: Final = b"pagefind_dcd"
_NUMBER, _TEXT, _ARRAY = 0, 3, 4
_FILTERS: Final = 3
"""The position of the filters in the file of a language, each with its name and the name of its file."""


def settle_index(index: Path) -> None:
    """Sort the filters of an index. An index of an unknown form stays as it is."""
    entry = index / "pagefind-entry.json"
    index_entry = json.loads(entry.read_text("utf-8"))
    for language in index_entry["languages"].values():
        language["hash"] = _settled(index, language["hash"])
    entry.write_text(json.dumps(index_entry, ensure_ascii=False, separators=(",", ":")), "utf-8")


def _settled(index: Path, name: str) -> str:
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
        settled = f"{prefix}_{digest(content)[:10]}"
        _write(index / "filter" / f"{settled}.pf_filter", content)
        named.append([title, settled])
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
