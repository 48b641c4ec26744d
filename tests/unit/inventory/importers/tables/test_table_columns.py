"""Columns of table files beside what their type declares: what does not fit is told, whatever holds it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from perpend.core.values.values import date_time_from_text, is_empty_text
from tests.unit.inventory.snapshots.stored import THING, json_lines, parquet_file, rows_of, stored, table_file

pytestmark = pytest.mark.medium

TIMES = [
    *("2026-01-02", "2026-01-02T03:04:05Z", "2026-01-02 03:04:05.123456789", "2026-01-02t03:04z", "2026-01-02T03:04:05-13:59"),
    *(" 2026-01-02\n", "2026-01-02T03:04:05,5-0230", "0001-01-01", "9999-12-31T23:59:59Z", "2024-02-29", "", " "),
]
NO_TIMES = [
    *("notatime", "2026-13-45", "2026-02-29T00:00:00Z", "2026-01-02T24:00:00Z", "2026-01-02T23:59:60Z", "0000-01-01", "2026"),
    *("2026-01-02T03:04:05+99:00", "N/A", "9999-12-31T23:59:59-01:00", "٢٠٢٦-01-02", "20260102"),
]
WORDS = f"`at__c` of `{THING}` holds texts that name no time where times are declared: 12 in all, rows 13, 14, 15 …"


@pytest.mark.parametrize("kind", ["csv", "ndjson", "parquet"])
def test_texts_that_name_no_time_are_told_and_stay_as_they_are(tmp_path: Path, kind: str) -> None:
    cells = [*TIMES, *NO_TIMES]
    assert [True] * 12 + [False] * 12 == [is_empty_text(one) or date_time_from_text(one) is not None for one in cells]
    rows = [{"Id": f"i{number}", "at__c": one} for number, one in enumerate(cells)]
    if kind == "csv":
        content = "Id,at__c\n" + "".join(f'{row["Id"]},"{row["at__c"]}"\n' for row in rows)
        table = table_file(tmp_path, "t.csv", content)
    else:
        table = table_file(tmp_path, "t.ndjson", json_lines(*rows))
    if kind == "parquet":
        table = parquet_file(
            tmp_path, "t.parquet", f"SELECT * FROM read_json('{table.path}', columns={{Id: 'VARCHAR', at__c: 'VARCHAR'}})"
        )
    snapshot, problems = stored(tmp_path, table)
    assert [("K301", WORDS)] == problems
    wanted = [None if kind == "csv" and is_empty_text(one) else one for one in cells]
    assert wanted == [one for (one,) in rows_of(snapshot, THING, "at__c")]


def test_cells_of_several_forms_are_told_beside_texts_that_name_no_time(tmp_path: Path) -> None:
    cells = ["2026-01-02", 7, "soon", None, ""]
    rows = "".join(json.dumps({"Id": f"i{number}", "at__c": one}) + "\n" for number, one in enumerate(cells))
    _, problems = stored(tmp_path, table_file(tmp_path, "t.ndjson", rows))
    assert [("K301", f"`at__c` of `{THING}` holds something else where times are declared: 2 in all, rows 2, 3")] == problems


def test_a_blank_cell_contradicts_no_value(tmp_path: Path) -> None:
    snapshot, problems = stored(tmp_path, table_file(tmp_path, "1.csv", "Id,name__c\na,\na,x\n"))
    assert ([], [("a", "x", None)]) == (problems, rows_of(snapshot, THING, "Id", "name__c", "name__c#unread"))
