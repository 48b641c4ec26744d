"""A history's head as text: what goes in comes out, and what is not one is refused with the reason."""

from __future__ import annotations

import json

import pytest

from perpend.history.head import HistoryHead, PolicyKnown, Ran, TypeKnown, head_from, text_of_head
from perpend.store.manifest import Damaged, StoredFile, sealed

FILE = StoredFile("known/a.parquet", "ab", 3)
HEAD = HistoryHead(
    (),
    (),
    (PolicyKnown(1, "/ce/a", "Thing", "/ce/b", "hash", 1, 1, 1, was_retired=True),),
    {"Thing": TypeKnown((FILE,), FILE, None, (FILE,), (), 9, {"seen0": (1,)}, {4: FILE})},
    (FILE,),
).with_run(Ran(1, "run", "content", "2026-01-01T00:00:00.000Z", True, "2026-01-02T00:00:00Z", "engine", 0, ("1",)), (1,))


def test_a_head_comes_back_as_it_was() -> None:
    assert HEAD == head_from(text_of_head(HEAD))
    assert HistoryHead() == head_from(text_of_head(HistoryHead()))


def test_what_the_head_holds_is_found() -> None:
    assert frozenset({1}) == HEAD.was_asked(HEAD.run(1))
    assert {1: "seen0"} == HEAD.types["Thing"].policies
    assert (1, 2) == (HistoryHead().next_run, HEAD.next_run)
    assert 5 == len(HEAD.files)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no JSON"),
        (text_of_head(HEAD)[:-40], "no JSON"),
        (text_of_head(HEAD).replace('"engine"', '"motor"'), "checksum"),
        (sealed({"format": 2}), "format 2, and this version of Perpend knows 1"),
        (sealed({"format": 1}), "something else than a history"),
        (sealed({**json.loads(text_of_head(HEAD)), "runs": [5]}), "checksum|something else"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_what_is_no_head_is_refused(text: str, reason: str) -> None:
    with pytest.raises(Damaged, match=reason):
        head_from(text)
