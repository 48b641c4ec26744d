"""AND, OR and NOT: from left to right, no further than the argument that decides."""

from __future__ import annotations

from pathlib import Path

from tests.unit.language.interpreter.asked import NO, end_of, field, missing, program_asking

ON = {"BOOLEAN_FROM": {"arg": field("on"), "undeterminedIf": {"isEmpty": "unset"}}}


def test_what_decides_comes_before_what_was_not_collected(tmp_path: Path) -> None:
    both = program_asking(tmp_path, {"AND": {"args": [ON, {"IS_EMPTY": {"arg": field("a")}}]}})
    assert [NO, missing("a"), (101, None)] == [end_of(both, {"on": on}, complete=False) for on in ("no", "true", None)]
