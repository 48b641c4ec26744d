"""Credential reports end by the one path as by the reference: the readers and the interpreter, or with the same refusal."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, currently_in_test_context, event, example, given, settings
from hypothesis import strategies as st

from perpend.core.errors import PerpendError
from perpend.core.objects.claims import Scope
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.evaluation import Evaluation
from perpend.evaluation.verdicts.selection import program_named, select_policies
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot, re_evaluate
from perpend.evaluation.verdicts.stores.temporary_snapshot import temporary_snapshot
from perpend.inventory.importers.input import Input
from perpend.inventory.importers.inputs import import_inputs
from perpend.inventory.importers.reports import report_file, report_table
from perpend.inventory.readers import collect_files
from perpend.inventory.snapshots.database import opened, rows_of
from perpend.inventory.snapshots.rows import parquet
from perpend.inventory.snapshots.store import Store
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.syntax.repository import open_repository
from tests.differential.reports import reports
from tests.differential.stores import NOW
from tests.reference import evaluate_objects

pytestmark = pytest.mark.usefixtures("shared_database")

EXAMPLES = int(os.environ.get("PERPEND_DIFFERENTIAL_EXAMPLES", "28"))
ANALYZER = Analyzer(open_repository(None))
HEADER = b"user,arn,mfa_active,access_key_1_active\n"
PASSWORD = b"user,arn,password_enabled,mfa_active,access_key_1_active,access_key_2_active\n"
ANN = b"ann,arn:aws:iam::111122223333:user/ann,"
SEVERAL = ANN + b"true,false,true,true\n" + ANN + b"true,false,true,TRUE\n" + ANN + b"true,false,false,true\n"
DOUBTED = b"".join(
    b"u%d,arn:aws:iam::111122223333:user/u%d,%s\n" % (number, number, values)
    for number in range(6)
    for values in (b"true,false,true,false", b"false,false,true,false" if number % 2 else b"true,true,false,false")
)
BROKEN = [
    HEADER + b"".join(b'%s%d,arn:aws:iam::111122223333:user/%s%d,"\n\n\n\n",true\n' % (name, n, name, n) for n in range(2))
    for name in (b"ann", b"bob")
]
NAMED_OTHERWISE = ANN.replace(b"/ann", b"/bob") + b"true\n<root_account>" + ANN[3:].replace(b"/ann", b"/bob") + b"true\n"
OTHER_COLUMNS = b"user,arn,password_enabled\nann,arn:aws:iam::111122223333:user/ann,true\n"
TIMES = (None, NOW, NOW - timedelta(days=2))

POLICIES = (
    *("user-has-more-than-one-active-access-key", "root-user-mfa", "mfa-for-all-users-with-console-password"),
    "disable-user-with-unused-credentials-45-days-and-more",
)
Asked = tuple[list[str], dict[str, tuple[Scope, ...]], dict[str, datetime]]


@contextmanager
def files(contents: Sequence[bytes], times: Sequence[int] = ()) -> Iterator[Asked]:
    """Write each content to a file of its own; yield the paths, the claims and the times of observation."""
    with TemporaryDirectory() as directory:
        paths = [str(Path(directory) / f"{number}.csv") for number in range(len(contents))]
        for path, content in zip(paths, contents, strict=True):
            Path(path).write_bytes(content)
        observed_at = {path: time for path, place in zip(paths, times, strict=False) if (time := TIMES[place % 3]) is not None}
        yield paths, dict.fromkeys(paths[1:2], (Scope(),)), observed_at


def reference(asked: Asked, *, max_age: timedelta | None, keep_going: bool) -> Any:
    """Return the verdicts by the readers and the interpreter, or the refusal."""
    paths, complete, observed_at = asked
    try:
        collected = collect_files(paths, complete=complete, observed_at=observed_at, keep_going=keep_going)
    except PerpendError as error:
        return type(error), str(error)
    if not collected.inventory.sources:
        return [str(one) for one in collected.failures]
    selection = select_policies(ANALYZER, POLICIES, over=collected.inventory)
    evaluation = evaluate_objects(collected.inventory, selection, snapshot_time=None, today=NOW, max_age=max_age)
    return verdicts(evaluation), sorted(map(str, collected.failures))


def one_path(asked: Asked, *, max_age: timedelta | None, keep_going: bool, by_interpreter: bool) -> Any:
    """Return the verdicts by a temporary snapshot, or the refusal."""
    paths, complete, observed_at = asked
    inputs = [Input(path, complete=complete.get(path, ()), observed_at=observed_at.get(path)) for path in paths]
    try:
        with temporary_snapshot(inputs, declared=ANALYZER.repository.declared_type, keep_going=keep_going) as read:
            if read.snapshot is None:
                return [str(one) for one in read.failures]
            if currently_in_test_context():
                event(", ".join(reason for reason, number in read.by_hand.items() if number) or "nothing by hand")
            selection = select_policies(ANALYZER, POLICIES, over=read.snapshot)
            with evaluate_snapshot(
                read.snapshot, selection, today=NOW, max_age=max_age, cached=False, by_interpreter=by_interpreter
            ) as evaluation:
                return verdicts(evaluation), sorted(map(str, read.failures))
    except PerpendError as error:
        return type(error), str(error)


def verdicts(evaluation: Evaluation) -> Any:
    """Return all that outputs say of an evaluation, whatever the order of objects."""
    found = {
        (one.policy_id, one.object.id): (
            one.status,
            one.condition_index,
            one.current_state_message,
            one.runtime_error,
            one.references,
            one.object.name or one.object.id,
            one.object.master and one.object.master.id,
            one.object.origin,
        )
        for one in evaluation.findings()
    }
    sources = [
        (one.name, one.kind, one.observed_at, one.objects, one.accounts, one.coverage) for one in evaluation.inventory.sources
    ]
    return found, sources, evaluation.ledger, evaluation.day, evaluation.selection.set_aside, evaluation.unread()


LISTS = st.lists(reports(), min_size=1, max_size=3)
COMMON = settings(
    max_examples=EXAMPLES // 4, deadline=None, phases=set(Phase) - {Phase.explain}, suppress_health_check=list(HealthCheck)
)


@COMMON
@given(
    contents=LISTS,
    times=st.lists(st.integers(0, 2), max_size=3),
    aged=st.booleans(),
    keep_going=st.booleans(),
    by_interpreter=st.booleans(),
    chunk=st.sampled_from((1 << 20, 64, 7)),
)
@example([HEADER + ANN + b"true,false\n" + ANN + b"false,false\n"], [], False, False, False, 64)
@example([HEADER + (ANN + b"true,false\n").removeprefix(b"ann")], [], False, False, False, 64)
@example([HEADER + ANN + b"true,false\r"], [], False, False, False, 64)
@example([HEADER + ANN + b"true,false,x\n"], [], False, True, False, 64)
@example([HEADER + b"<root_account>,arn:aws:iam::111122223333:user/root,a,b\n" + ANN + b"a,b\n"], [], False, False, False, 64)
@example([PASSWORD + SEVERAL], [], False, False, False, 64)
@example([PASSWORD + SEVERAL, PASSWORD + DOUBTED], [1, 2], True, False, True, 64)
@example([PASSWORD + DOUBTED], [2], True, False, False, 7)
@example(
    [b"user,arn,x\n" + ANN + b"y\n" + NAMED_OTHERWISE, OTHER_COLUMNS.replace(b"ann,", b"bob,")], [], False, False, False, 7
)
@example(BROKEN, [], False, False, False, 7)
@example([HEADER + ANN + b"true,a\n", HEADER + ANN.replace(b":aws:", b":aws-cn:") + b"true,a\n"], [], False, False, False, 64)
@example([HEADER + ANN + b"true,a\n", b"\0", OTHER_COLUMNS], [], False, True, False, 64)
def test_reports_end_as_the_reference_does(
    contents: list[bytes], times: list[int], aged: bool, keep_going: bool, by_interpreter: bool, chunk: int
) -> None:
    max_age = timedelta(days=1) if aged else None
    with (
        files(contents, times) as asked,
        patch.object(report_file, "_CHUNK", chunk),
        patch.object(report_table, "_AT_ONCE", chunk),
    ):
        expected = reference(asked, max_age=max_age, keep_going=keep_going)
        found = one_path(asked, max_age=max_age, keep_going=keep_going, by_interpreter=by_interpreter)
    if isinstance(expected[0], type) and len(contents) > 1:
        expected, found = expected[0], found[0]  # any of several faulty reports is named
    assert expected == found


def many(broken: bytes = b"") -> list[bytes]:
    """Return 200 reports of two users: with two lists of columns in turn, marks, CRLF, line ends in cells, and one twice.

    ``broken`` is a line at the end of the report in the middle.
    """
    contents = []
    for number in range(200):
        header, more = (HEADER, b"") if number % 2 else (HEADER[:-1] + b",password_enabled\n", b",false")
        cell = b'"\n\n"' if number % 5 == 0 else b"true"
        users = (b"%s,arn:aws:iam::%012d:user/%s,%s,true%s\n" % (name, number, name, cell, more) for name in (b"ann", b"bob"))
        content = header + b"".join(users) + (broken if number == 100 else b"")
        content = content.replace(b"\n", b"\r\n") if number % 7 == 0 else content
        contents.append(b"\xef\xbb\xbf" + content if number % 3 == 0 else content)
    return [*contents, contents[50]]


@pytest.mark.parametrize("broken", [b"", b"ann,arn:aws:iam::000000000100:user/eve\n"])
def test_many_reports_of_several_forms(broken: bytes) -> None:
    with files(many(broken)) as asked:
        expected = reference(asked, max_age=None, keep_going=False)
        assert expected == one_path(asked, max_age=None, keep_going=False, by_interpreter=False)
        assert ("100.csv: line 8 has 2 fields" in str(expected)) == bool(broken)
    with files([*many(), b"", HEADER]) as asked:
        expected = reference(asked, max_age=None, keep_going=True)
        assert expected == one_path(asked, max_age=None, keep_going=True, by_interpreter=False)


def test_reports_with_the_same_columns_are_one_branch_of_a_query(tmp_path: Path) -> None:
    reports = [
        report_file.report_file(f"{number}.csv", path, tmp_path / "copy")
        for number, content in enumerate(many())
        if (path := tmp_path / f"{number}.csv").write_bytes(content)
    ]
    with opened(directories=[tmp_path]) as connection:
        read = report_table._Reports(connection, reports, lambda _: None, tmp_path, 0)
        assert 2 == read._lines("row").count("read_csv")


@pytest.mark.parametrize(("readings", "expected"), [(2, Status.INCOMPLIANT), (3, Status.UNDETERMINED)])
def test_a_user_is_incompliant_if_all_readings_say_so(readings: int, expected: Status) -> None:
    rows = (ANN + b"true,false,true,true\n", ANN + b"true,false,true,TRUE\n", ANN + b"true,false,true,true \n")
    with files([PASSWORD + b"".join(rows[:readings])]) as asked:
        (found, *_), _ = one_path(asked, max_age=None, keep_going=False, by_interpreter=False)
    policy, ann = "/ce/ca/aws/iam/user-has-more-than-one-active-access-key", "arn:aws:iam::111122223333:user/ann"
    assert expected is found[policy, ann][0]


def test_an_older_snapshot_is_evaluated_again_with_all_readings(tmp_path: Path) -> None:
    policy = "/ce/ca/aws/iam/user-has-more-than-one-active-access-key"
    program = program_named(ANALYZER, policy)
    with files([PASSWORD + ANN + b"true,false,true,true\n" + ANN + b"true,false,true,TRUE\n"]) as (paths, *_):
        store = Store(tmp_path / "store")
        imported = import_inputs(store, [Input(paths[0])], declared=ANALYZER.repository.declared_type)
    assert imported.snapshot is not None
    out = tmp_path / "codes.parquet"
    assert re_evaluate(store, imported.snapshot.id, [program], NOW, out)
    with opened(paths=[out]) as connection:
        codes = dict(rows_of(connection, f"SELECT id, v0 FROM {parquet(out)}"))
    assert Status.INCOMPLIANT is program.verdicts[codes["arn:aws:iam::111122223333:user/ann"]].status


def test_the_number_of_rows_is_compared_with_the_bytes(tmp_path: Path) -> None:
    """DuckDB has returned no rows of a good file, without an error."""
    path = tmp_path / "report.csv"
    path.write_bytes(HEADER + ANN + b"true,false\n" + ANN.replace(b"ann", b"bob") + b"true,false\n")
    lines_of = report_table._Reports._lines_of

    def fewer(*given: Any) -> str:
        return f"{lines_of(*given)} LIMIT 1"

    inputs = [Input(str(path))]
    with (
        patch.object(report_table._Reports, "_lines_of", fewer),
        pytest.raises(PerpendError, match="reads them differently"),
        temporary_snapshot(inputs, declared=ANALYZER.repository.declared_type),
    ):
        pass
