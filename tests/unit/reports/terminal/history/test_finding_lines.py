"""Lines of findings are those that Python writes for the same rows, whatever the texts hold."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from perpend.findings.history.queries.findings import FINDING_COLUMNS, TEXT_COLUMNS, FindingList
from perpend.findings.history.queries.views import TEXTS_VIEW
from perpend.inventory.snapshots.database import Connection, opened
from perpend.reports.formats.csv import cell_text
from perpend.reports.terminal.history.finding_lines import write_finding_lines
from perpend.reports.terminal.history.findings import plain

ODD = [
    "",
    "a",
    "a b",
    " a",
    'a"b',
    "a\\b",
    "a,b",
    "a\nb",
    "=1+1",
    "'=1",
    "@x",
    "\x1b[31m",
    "\x7f",
    "é",
    "\u202e",
    "\u2028",
    "日本",
    None,
]
WHEN = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
TIMES = [WHEN, WHEN.replace(microsecond=120_000), WHEN.replace(microsecond=7), None]
TEXTS = {0: ("It is bad.", 'Look, "there".\n', None), 1: ("", "é", "=x")}
KINDS = {
    **dict.fromkeys(FINDING_COLUMNS[1:-3], "VARCHAR"),
    **dict.fromkeys(("open_since", "ended_at", "last_known_at", "last_seen", "status_date"), "TIMESTAMPTZ"),
    **dict.fromkeys(("incompliant_start_date", "incompliant_end_date"), "TIMESTAMPTZ"),
    **dict.fromkeys(("episodes", "condition_index", "policy_no", "key", "incarnation"), "INTEGER"),
    **dict.fromkeys(("lineage", "waiver", "tags", "in_use"), "VARCHAR"),
}
COLUMNS = (*FINDING_COLUMNS, "waiver")


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    with opened() as found:
        found.execute(
            f"CREATE TABLE {TEXTS_VIEW} (policy_no INTEGER, code INTEGER, text VARCHAR, message VARCHAR, remediation VARCHAR)"
        )
        found.executemany(f"INSERT INTO {TEXTS_VIEW} VALUES (1, ?, ?, ?, ?)", [[code, *texts] for code, texts in TEXTS.items()])
        found.execute(f"CREATE TABLE made ({', '.join(f'{name} {kind}' for name, kind in KINDS.items())})")
        for number, odd in enumerate(ODD):
            values = {"VARCHAR": odd, "TIMESTAMPTZ": TIMES[number % len(TIMES)], "INTEGER": number if number % 5 else None}
            row = {name: values[kind] for name, kind in KINDS.items()}
            row |= {"policy_no": 1, "condition_index": number % 3, "object_id": f"{number:02}", "incarnation": 1, "key": number}
            row |= {"policy_id": "/p", "type": "T", "lineage": "/p", "object_name": odd}
            found.execute(f"INSERT INTO made VALUES ({', '.join('?' * len(KINDS))})", [*row.values()])
        yield found


def written(connection: Connection, form: str) -> tuple[str, list[dict[str, Any]]]:
    """Return what is written, and the rows to write, with the texts of their conditions."""
    found, stream = FindingList("FROM made", columns=COLUMNS), io.StringIO(newline="")
    write_finding_lines(connection, found, form, stream)
    answer = connection.execute(*found.query())
    return stream.getvalue(), [dict(zip(COLUMNS, row, strict=True)) for row in answer.fetchall()]


def test_json_is_that_of_python(connection: Connection) -> None:
    lines, rows = written(connection, "ndjson")
    assert len(ODD) == len(rows) and {None, *TEXTS[0], *TEXTS[1]} == {row[name] for row in rows for name in TEXT_COLUMNS}
    assert [json.dumps(plain(row)) for row in rows] == lines.split("\n")[:-1]
    array, _ = written(connection, "json")
    assert [plain(row) for row in rows] == json.loads(array)
    assert "[\n" + "\n,".join(lines.split("\n")[:-1]) + "\n]\n" == array


def test_cells_are_those_of_other_tables(connection: Connection) -> None:
    text, rows = written(connection, "csv")
    cells = [["" if one is None else one if isinstance(one, str) else str(one) for one in plain(row).values()] for row in rows]
    assert "".join(",".join(map(cell_text, row)) + "\r\n" for row in [[*COLUMNS], *cells]) == text
    assert len(rows) + 1 == len(list(csv.reader(io.StringIO(text, newline=""), strict=True)))


def test_nothing_found_is_a_whole_document(connection: Connection) -> None:
    for form, expected in (("json", "[\n]\n"), ("ndjson", ""), ("csv", ",".join(COLUMNS) + "\r\n")):
        stream = io.StringIO(newline="")
        write_finding_lines(connection, FindingList("FROM made WHERE false", columns=COLUMNS), form, stream)
        assert expected == stream.getvalue()
