"""Reports by way of DuckDB become the store, byte for byte, that they become by way of objects, or the same refusal.

So do they become the same judgement.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from functools import partial
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import Mock, patch

import pytest
from hypothesis import HealthCheck, Phase, event, example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from perpend.core.objects.claims import Scope
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.evaluate_objects import evaluate_objects
from perpend.evaluation.verdicts.evaluation import Evaluation
from perpend.evaluation.verdicts.selection import Selection, select_policies
from perpend.evaluation.verdicts.stores.large_reports import evaluate_reports
from perpend.inventory.importers import inputs
from perpend.inventory.importers.input import Input
from perpend.inventory.importers.inputs import import_inputs
from perpend.inventory.importers.reports import readings
from perpend.inventory.importers.reports.staged import stage_reports
from perpend.inventory.readers import collect_files
from perpend.inventory.readers import files as collected_files
from perpend.inventory.readers.merge import ROW_FIELD, USER_TYPE
from perpend.inventory.snapshots.database import opened, rows_of
from perpend.inventory.snapshots.store import Store
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.syntax.repository import open_repository
from perpend.reports.formats.json import write_ndjson
from perpend.reports.terminal.verdicts.terminal import print_report
from tests.differential.reports import reports
from tests.differential.stores import NOW

pytestmark = pytest.mark.usefixtures("shared_database")

EXAMPLES = int(os.environ.get("PERPEND_DIFFERENTIAL_EXAMPLES", "12"))
DECLARED = open_repository(None).declared_type
HEADER = b"user,arn,mfa_active,access_key_1_active\n"
PASSWORD = b"user,arn,password_enabled,mfa_active,access_key_1_active,access_key_2_active\n"
PREFIX = b"arn:aws:iam::111122223333:user"
ANN = b"ann,arn:aws:iam::111122223333:user/ann,"
SEVERAL = ANN + b"true,false,true,true\n" + ANN + b"true,false,true,TRUE\n" + ANN + b"true,false,false,true\n"
DOUBTED = b"".join(
    b"u%d,arn:aws:iam::111122223333:user/u%d,%s\n" % (number, number, values)
    for number in range(6)
    for values in (b"true,false,true,false", b"false,false,true,false" if number % 2 else b"true,true,false,false")
)
BROKEN = [
    HEADER + b"".join(b'%s%d,%s/%s%d,"\n\n\n\n",true\n' % (name, number, PREFIX, name, number) for number in range(2))
    for name in (b"ann", b"bob")
]
"""Two reports in order, with more line ends in cells than rows."""

NAMED_OTHERWISE = ANN.replace(b"/ann", b"/bob") + b"true\n<root_account>" + ANN[3:].replace(b"/ann", b"/bob") + b"true\n"
OTHER_COLUMNS = b"user,arn,password_enabled\nann,arn:aws:iam::111122223333:user/ann,true\n"


def written(directory: Path, contents: list[bytes]) -> list[str]:
    """Write each content to a file of its own and return the paths."""
    paths = [directory / f"{number}.in" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return [str(path) for path in paths]


def imported(directory: Path, contents: list[bytes], *, keep_going: bool = False) -> tuple[Any, ...]:
    """Return all that an import of files leaves and says, but for its time."""
    paths = written(directory, contents)
    files = [Input(path, complete=(Scope(),) if number == 1 else ()) for number, path in enumerate(paths)]
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
@example(contents=[HEADER + ANN + b"true,false\r"], keep_going=False)
@example(
    contents=[HEADER + ANN + b"true,false\n", OTHER_COLUMNS, OTHER_COLUMNS + b"bob,arn:aws:iam::111122223333:user/bob,x\n"],
    keep_going=False,
)
def test_both_roads_lead_to_the_same_store(contents: list[bytes], keep_going: bool) -> None:
    slow, fast, whole = roads(contents, keep_going=keep_going)
    event("by way of DuckDB" if whole else "left to collectors")
    assert slow == fast


def test_tidy_reports_are_read_by_duckdb() -> None:
    contents = [HEADER + ANN + b"true,false\n", OTHER_COLUMNS.replace(b"\n", b"\r\n"), gzip.compress(HEADER + ANN + b"a,b")]
    assert roads(contents)[2]


def test_reports_with_quotes_and_columns_of_people_are_read_by_duckdb() -> None:
    named = (
        b'"user","arn","mfa_active","Owner Team"\n"d,e",'
        + ANN[4:-1].replace(b"ann", b"d,e").join([b'"', b'"'])
        + b',true,"a, b"\n'
    )
    slow, fast, whole = roads([named, HEADER + ANN + b'"true",""\r\n', HEADER + ANN + b'true,"true,"\n'])
    assert whole
    assert slow == fast


def test_reports_with_what_people_write_into_cells_are_read_by_duckdb() -> None:
    first = HEADER + ANN + b'"a ""b""\r\n\nc",tr\\ue\n' + ANN.replace(b"ann", b"bob") + b"true,false\n\n"
    odd = b'"c ""y""","arn:aws:iam::111122223333:user/a\\b""""/c",","",\n",\t\r\n'
    slow, fast, whole = roads([first, HEADER + odd + ANN + b'"a ""b""\r\n\nc",x\r\n', OTHER_COLUMNS])
    assert whole
    assert slow == fast


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


def said(evaluation: Evaluation) -> tuple[Any, ...]:
    """Return all that outputs say of a judgement."""
    stream = StringIO()
    write_ndjson(evaluation, stream)
    return (
        evaluation.ledger,
        evaluation.day,
        evaluation.selection.set_aside,
        sources_said(evaluation),
        stream.getvalue(),
        tables(evaluation),
    )


def sources_said(evaluation: Evaluation) -> list[tuple[Any, ...]]:
    return [
        (one.name, one.kind, one.observed_at, one.objects, one.accounts, one.coverage) for one in evaluation.inventory.sources
    ]


def tables(evaluation: Evaluation) -> str:
    stream = StringIO()
    print_report(evaluation, Console(file=stream, width=100), limit=3)
    return stream.getvalue()


@pytest.mark.slow
@settings(
    max_examples=EXAMPLES // 2, deadline=None, phases=set(Phase) - {Phase.explain}, suppress_health_check=list(HealthCheck)
)
@given(contents=st.lists(reports(), min_size=1, max_size=3), streamed=st.booleans())
@example(contents=[HEADER + ANN + b"true,false\n" + ANN + b"false,false\n"], streamed=True)
@example(contents=[HEADER + (ANN + b"true,false\n").removeprefix(b"ann")], streamed=True)
@example(
    contents=[HEADER + b"<root_account>,arn:aws:iam::111122223333:user/root,a,b\n" + ANN + b"true,false\n"], streamed=False
)
@example(contents=[PASSWORD + SEVERAL], streamed=True)
@example(contents=[PASSWORD + DOUBTED], streamed=False)
@example(contents=[b"user,arn,x\n" + ANN + b"y\n" + NAMED_OTHERWISE, OTHER_COLUMNS.replace(b"ann,", b"bob,")], streamed=False)
@example(contents=[PASSWORD + SEVERAL], streamed=False)
@example(contents=BROKEN, streamed=False)
@example(contents=[HEADER + ANN + b"true,a\n", HEADER + ANN.replace(b":aws:", b":aws-cn:") + b"true,a\n"], streamed=False)
@example(contents=[HEADER + ANN + b"true,%s\n" % (b"x" * 1_000_000)], streamed=False)
def test_both_roads_lead_to_the_same_judgement(contents: list[bytes], streamed: bool) -> None:
    analyzer = Analyzer(open_repository(None))
    with TemporaryDirectory() as directory:
        paths = written(Path(directory), contents)
        files = [Input(path) for path in paths]
        with (
            patch.object(collected_files, "LARGE", 0),
            evaluate_reports(
                files, partial(selected, analyzer), declared=DECLARED, snapshot_time=NOW, streamed=streamed
            ) as evaluation,
        ):
            fast = evaluation and said(evaluation)
        event("by way of DuckDB" if fast else "left to collectors")
        if fast:
            inventory = collect_files(paths).inventory
            assert said(evaluate_objects(inventory, selected(analyzer, inventory), snapshot_time=NOW)) == fast


def test_a_user_is_incompliant_who_is_so_by_every_reading(tmp_path: Path) -> None:
    analyzer = Analyzer(open_repository(None))
    rows = (ANN + b"true,false,true,true\n", ANN + b"true,false,true,TRUE\n", ANN + b"true,false,true,true \n")
    for number, expected, streamed in (
        (2, Status.INCOMPLIANT, True),
        (2, Status.INCOMPLIANT, False),
        (3, Status.UNDETERMINED, False),
    ):
        files = [Input(path) for path in written(tmp_path, [PASSWORD + b"".join(rows[:number])])]
        with (
            patch.object(collected_files, "LARGE", 0),
            evaluate_reports(
                files, partial(selected, analyzer), declared=DECLARED, snapshot_time=NOW, streamed=streamed
            ) as evaluation,
        ):
            assert evaluation
            found = {(one.policy_id, one.object.name): one.status for one in evaluation.findings()}
        assert expected is found["/ce/ca/aws/iam/user-has-more-than-one-active-access-key", "ann"]


def test_texts_in_columns_are_those_of_the_documents(tmp_path: Path) -> None:
    twice = 2 * (ANN + b'\t,"a\nb"\n')
    paths = written(tmp_path, [HEADER + twice + ANN.replace(b"ann", b"bob") + b'"x ""y""",\\t\n'])
    with opened(directories=[tmp_path], spill=tmp_path / "spill") as connection:
        staged = stage_reports(
            connection, paths, declared=DECLARED, complete={}, observed_at={}, directory=tmp_path, streamed=False
        )
        assert staged is not None and staged.texts
        listed = ", ".join([ROW_FIELD, *staged.texts.values()])
        rows = rows_of(connection, f"SELECT {listed} FROM {staged.relation(USER_TYPE)}")
    assert {"\t", "a\nb", 'x "y"', "\\t"} <= {value for row in rows for value in row}
    shown = [{key: value for key, value in zip(staged.texts, texts, strict=True) if value is not None} for _, *texts in rows]
    assert [json.loads(document) for document, *_ in rows] == shown


def selected(analyzer: Analyzer, over: Any) -> Selection:
    return select_policies(analyzer, over=over)


def in_order(*, twice: bool = False) -> list[bytes]:
    """Return two reports with the same columns whose rows come in the order of their users, one user shown several times."""
    shown = [
        (f"11112222333{account}", name, flag)
        for account in range(4)
        for name in (*(["<root_account>"] if account % 2 else []), *(f"u{number}" for number in range(6)))
        for flag in (("true", "false", "true") if name in ("u0", "u3") else ("true",))
    ]
    lines = [
        f"{name},arn:aws:iam::{account}:{'root' if name.startswith('<') else f'user/{name}'},{flag},x\n"
        for account, name, flag in shown
    ]
    if twice:
        lines.append("u6,arn:aws:iam::111122223333:user/u4,true,x\n")
    half = len(lines) // 2
    first, second = (HEADER + "".join(part).encode() for part in (lines[:half], lines[half:]))
    # Reports go by what they hold: a value that changes nothing of the order puts the first one first.
    for number in range(100):
        changed = first.replace(b",x\n", b",x%d\n" % number, 1)
        if hashlib.sha256(changed).hexdigest() < hashlib.sha256(second).hexdigest():
            return [changed, second]
    raise AssertionError


@pytest.mark.parametrize("twice", [False, True])
def test_reports_in_order_are_stored_alike_without_sorting(twice: bool) -> None:
    contents = in_order(twice=twice)
    with patch.object(readings, "users_in_order", Mock(side_effect=readings.users_in_order)) as numbered:
        slow, fast, whole = roads(contents)
    assert (True, not twice) == (whole, bool(numbered.call_count)), "users of one ARN apart from each other are sorted"
    assert slow == fast
