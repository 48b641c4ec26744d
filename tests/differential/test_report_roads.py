"""Reports by way of DuckDB become the store, byte for byte, that they become by way of objects, or the same refusal."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, event, example, given, settings
from hypothesis import strategies as st

from perpend.collect import files as collected_files
from perpend.intake import inputs
from perpend.intake.inputs import Input, import_inputs
from perpend.ir.coverage import Scope
from perpend.load.repository import open_repository
from perpend.store.store import Store
from tests.differential.reports import reports

EXAMPLES = int(os.environ.get("PERPEND_DIFFERENTIAL_EXAMPLES", "60"))
DECLARED = open_repository(None).declared_type
HEADER = b"user,arn,mfa_active,access_key_1_active\n"
ANN = b"ann,arn:aws:iam::111122223333:user/ann,"
OTHER_COLUMNS = b"user,arn,password_enabled\nann,arn:aws:iam::111122223333:user/ann,true\n"


def imported(directory: Path, contents: list[bytes], *, keep_going: bool = False) -> tuple[Any, ...]:
    """Return all that an import of files leaves and says, but for its time."""
    files = []
    for number, content in enumerate(contents):
        path = directory / f"{number}.in"
        path.write_bytes(content)
        files.append(Input(str(path), complete=(Scope(),) if number == 1 else ()))
    with TemporaryDirectory() as store:
        try:
            found = import_inputs(Store(store), files, declared=DECLARED, keep_going=keep_going)
        except Exception as error:  # noqa: BLE001 whatever it is, it is to be the same
            return type(error), str(error), sorted(path.name for path in Path(store).rglob("*.parquet"))
        if found.snapshot is None:
            return [str(one) for one in found.failures], ()
        snapshot = found.snapshot
        stored = {name: [path.read_bytes() for path in snapshot.files[name]] for name in snapshot.files}
        said = [str(one) for one in found.failures], [str(one) for one in found.problems]
        return snapshot.content_hash, stored, snapshot.sources, snapshot.failures, snapshot.tables, said


def roads(contents: list[bytes], *, keep_going: bool = False) -> tuple[Any, Any, bool]:
    """Return what comes of files by way of objects and by way of DuckDB, and whether the latter was gone to its end."""
    gone = []

    def noted(*given: Any, **named: Any) -> bool:
        gone.append(real(*given, **named))
        return gone[-1]

    real = inputs._reports_read
    with TemporaryDirectory() as directory:
        slow = imported(Path(directory), contents, keep_going=keep_going)
        with patch.object(collected_files, "LARGE", 0), patch.object(inputs, "_reports_read", noted):
            fast = imported(Path(directory), contents, keep_going=keep_going)
    return slow, fast, gone[0]


@settings(max_examples=EXAMPLES, deadline=None, phases=set(Phase) - {Phase.explain}, suppress_health_check=list(HealthCheck))
@given(contents=st.lists(reports(), min_size=1, max_size=3), keep_going=st.booleans())
@example(contents=[HEADER + ANN + b"true,false\n" + ANN + b"false,false\n"], keep_going=False)
@example(
    contents=[HEADER + ANN + b"true,false\n", OTHER_COLUMNS, OTHER_COLUMNS + b"bob,arn:aws:iam::111122223333:user/bob,x\n"],
    keep_going=False,
)
def test_both_roads_lead_to_the_same_store(contents: list[bytes], keep_going: bool) -> None:
    slow, fast, whole = roads(contents, keep_going=keep_going)
    event("by way of DuckDB" if whole else "left to collectors")
    assert slow == fast


def test_tidy_reports_are_read_by_duckdb() -> None:
    contents = [HEADER + ANN + b"true,false\n", OTHER_COLUMNS.replace(b"\n", b"\r\n")]
    assert roads(contents)[2]


def test_many_rows_fill_several_row_groups_alike() -> None:
    rows = b"".join(
        b"u%d,arn:aws:iam::11112222%04d:user/u%d,%s,%s\n"
        % (number % 30_000, number % 7, number % 30_000, flag, b"x" * (number % 90))
        for number in range(40_000)
        for flag in ([b"true", b"false"] if number % 11 == 0 else [b"true"])
    )
    slow, fast, whole = roads([HEADER + rows])
    assert whole
    assert slow == fast
