"""The search index: the same files every time, whatever order Pagefind wrote its filters in."""

from __future__ import annotations

import gzip
import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from perpend.language.syntax.repository import Repository
from perpend.reports.site.build import Options, build_site
from perpend.reports.site.search import sort_index
from tests.repositories import write
from tests.sites import files, leave_out_operations

pytestmark = pytest.mark.medium

FILTERS = {"kind": [["policy", [1, 300]], ["section", [70_000, 2**33]]], "state": [["é", [0]], ["a" * 300, [2]]]}


def cbor(value: Any) -> bytes:
    """Return a value in the form in which Pagefind writes it: arrays, texts and numbers."""
    form, number, rest = (4, value, b"") if isinstance(value, int) else (0, 0, b"")
    if isinstance(value, int):
        form = 0
    elif isinstance(value, str):
        form, number, rest = 3, len(value.encode()), value.encode()
    else:
        form, number, rest = 4, len(value), b"".join(map(cbor, value))
    for width, bound in ((0, 24), (1, 256), (2, 65_536), (4, 2**32), (8, 2**64)):
        if number < bound:
            head = bytes([form << 5 | (number if not width else (24 + (1, 2, 4, 8).index(width)))])
            return head + (number.to_bytes(width, "big") if width else b"") + rest
    raise AssertionError


def index(root: Path, names: list[str], *, backwards: bool, word: bytes = b"pagefind_dcd") -> Path:
    """Write an index with its filters, and the values of each, in an order."""
    (root / "filter").mkdir(parents=True)
    for place, name in enumerate(names):
        values = FILTERS[name][::-1] if backwards else FILTERS[name]
        (root / "filter" / f"en_{place}{backwards}.pf_filter").write_bytes(gzip.compress(word + cbor([name, values])))
    rows = [[name, f"en_{place}{backwards}"] for place, name in enumerate(names)]
    meta = ["1.5.2", [["en_f", 12]], [["a", "z", "en_i"]], rows, [], ["title"]]
    (root / "pagefind.en_first.pf_meta").write_bytes(gzip.compress(word + cbor(meta)))
    (root / "pagefind-entry.json").write_text(json.dumps({"languages": {"en": {"hash": "en_first", "wasm": "en"}}}), "utf-8")
    return root


def content(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_filters_stand_in_one_order_however_they_were_written(tmp_path: Path) -> None:
    found = []
    for number, (names, backwards) in enumerate((order, way) for order in permutations(FILTERS) for way in (False, True)):
        root = index(tmp_path / str(number), list(names), backwards=backwards)
        sort_index(root)
        found.append(content(root))
    assert [found[0]] * 4 == found
    (meta,) = (path for path in found[0] if path.endswith(".pf_meta"))
    entry = json.loads(found[0]["pagefind-entry.json"])
    assert f"pagefind.{entry['languages']['en']['hash']}.pf_meta" == meta
    filters = {name: gzip.decompress(found[0][name]) for name in found[0] if name.startswith("filter/")}
    assert {b"pagefind_dcd" + cbor([name, sorted(values)]) for name, values in FILTERS.items()} == set(filters.values())
    inside = gzip.decompress(found[0][meta])
    assert all(name.removeprefix("filter/").removesuffix(".pf_filter").encode() in inside for name in filters)


@pytest.mark.parametrize("damage", ["word", "end", "empty", "absent"])
def test_an_index_of_another_form_is_left_as_it_is(tmp_path: Path, damage: str) -> None:
    root = index(
        tmp_path / "index", ["state", "kind"], backwards=True, word=b"pagefind_xyz" if damage == "word" else b"pagefind_dcd"
    )
    place = root / "filter" / "en_0True.pf_filter"
    match damage:
        case "end":
            place.write_bytes(gzip.compress(gzip.decompress(place.read_bytes())[:-1]))
        case "empty":
            place.write_bytes(b"")
        case "absent":
            place.unlink()
    before = content(root)
    sort_index(root)
    assert before.keys() == content(root).keys()
    assert before["filter/en_1True.pf_filter"] == content(root)["filter/en_1True.pf_filter"]


def test_two_builds_are_the_same_to_the_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave_out_operations(monkeypatch)
    root = write(tmp_path / "repository", files())
    for name in "ab":
        build_site(Repository(root), Options(out=tmp_path / name))
    first, second = content(tmp_path / "a"), content(tmp_path / "b")
    assert [] == [path for path in {*first, *second} if first.get(path) != second.get(path)]
    assert sum(path.endswith(".pf_filter") for path in first) > 3
