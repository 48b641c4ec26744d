"""A journal read again: what a killed process left half done, what was damaged and what is too old counts as not done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from perpend.collectors.protocol import AccountEntry, CollectedRow, StoppedEarly, WorkUnit, WorkUnitResult
from perpend.collectors.runs.checkpoint import Checkpoint, plan_in
from perpend.core.objects.claims import FailedCall
from perpend.inventory.snapshots.unfinished_collections import JOURNAL, new_unfinished, remove_unfinished, unfinished

pytestmark = pytest.mark.medium

ACCOUNT = "111122223333"
CELL = WorkUnit(ACCOUNT, "", "iam.report")
OTHER = WorkUnit(ACCOUNT, "eu-west-1", "kms.keys")
TIME = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
LACK = FailedCall(ACCOUNT, "eu-west-1", "kms", "ListKeys", "kms:ListKeys", "denied", "AccessDenied")
ROWS = [CollectedRow("T", {"Id": f"o{number}", "é": "\n\u2028"}, {"x": "was not read"}, number % 2) for number in range(3)]


def write(directory: Path, cell: WorkUnit = CELL, *, lacking: FailedCall | None = None, end: bool = True) -> None:
    journal = Checkpoint(directory, "plan", clock=lambda: TIME)
    journal.enter(AccountEntry(ACCOUNT, "aws", "team", ("eu-west-1",), ("eu-west-1",), at=TIME))
    with journal.part(cell) as part:
        for row in ROWS:
            part.add(row)
        part.note([LACK])
    if end:
        journal.end(WorkUnitResult(cell, TIME, TIME, lacking, made_at=TIME, listed=3, others=1))
    journal.close()


def test_what_was_done_is_there_again(tmp_path: Path) -> None:
    write(tmp_path)
    journal = Checkpoint(tmp_path, "plan")
    assert ROWS == list(journal.rows(ACCOUNT, ["iam.report"]))
    assert (True, False) == (journal.is_done(CELL), journal.is_done(OTHER))
    assert {("T", "o0"), ("T", "o1"), ("T", "o2")} == journal.objects(CELL)
    assert AccountEntry(ACCOUNT, "aws", "team", ("eu-west-1",), ("eu-west-1",), at=TIME) == journal.entry(ACCOUNT)
    assert [((2, 1), (LACK,))] == [(part.counts, part.unread) for part in journal.parts[CELL]]
    assert WorkUnitResult(CELL, TIME, TIME, made_at=TIME, listed=3, others=1) == journal.results[CELL]
    assert ("plan", None) == (plan_in(tmp_path), plan_in(tmp_path / "nowhere"))


def test_the_accounts_of_an_entry_are_there_again(tmp_path: Path) -> None:
    entry = AccountEntry("organizations/123", at=TIME, accounts=("organizations/123", "web-prod-1"), gone=("web-old-1",))
    journal = Checkpoint(tmp_path, "plan")
    journal.enter(entry)
    journal.close()
    assert entry == Checkpoint(tmp_path, "plan").entry("organizations/123")
    assert (("organizations/123", "web-prod-1"), (ACCOUNT,)) == (entry.all_accounts, AccountEntry(ACCOUNT).all_accounts)


def test_a_line_that_was_cut_off_was_not_done_and_is_written_over(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / JOURNAL
    path.write_bytes(path.read_bytes()[:-5])
    journal = Checkpoint(tmp_path, "plan")
    assert (False, 3) == (journal.is_done(CELL), len(journal.objects(CELL)))
    journal.end(WorkUnitResult(CELL, TIME, TIME))
    journal.close()
    assert Checkpoint(tmp_path, "plan").is_done(CELL)


@pytest.mark.parametrize("damage", [b"\0" * 20, b'{"pard":{}}\n', b"[]\n", b'{"cell":{}}\n'])
def test_the_first_unreadable_line_and_all_behind_it_are_dropped(tmp_path: Path, damage: bytes) -> None:
    write(tmp_path, OTHER)
    path = tmp_path / JOURNAL
    before = path.read_bytes()
    write(tmp_path)
    path.write_bytes(before + damage + path.read_bytes()[len(before) :])
    journal = Checkpoint(tmp_path, "plan")
    assert (True, False, set()) == (journal.is_done(OTHER), journal.is_done(CELL), journal.objects(CELL))
    journal.close()
    assert before == path.read_bytes()
    write(tmp_path)
    journal = Checkpoint(tmp_path, "plan")
    assert (True, True, ROWS) == (journal.is_done(OTHER), journal.is_done(CELL), list(journal.rows(ACCOUNT, ["iam.report"])))


def test_rows_that_are_not_what_they_were_are_asked_again(tmp_path: Path) -> None:
    write(tmp_path)
    (part,) = (tmp_path / "parts").iterdir()
    part.write_bytes(part.read_bytes()[:-2])
    journal = Checkpoint(tmp_path, "plan")
    assert (False, set()) == (journal.is_done(CELL), journal.objects(CELL))


def test_what_could_not_be_read_in_full_is_asked_again_from_its_beginning(tmp_path: Path) -> None:
    write(tmp_path, OTHER, lacking=LACK)
    journal = Checkpoint(tmp_path, "plan")
    assert (False, set()) == (journal.is_done(OTHER), journal.objects(OTHER))
    journal.close()
    write(tmp_path, OTHER)
    journal = Checkpoint(tmp_path, "plan")
    assert (True, ROWS) == (journal.is_done(OTHER), list(journal.rows(ACCOUNT, ["kms.keys"])))


@pytest.mark.parametrize(("age", "done"), [(3, True), (1, False)])
def test_what_is_too_old_was_not_done(tmp_path: Path, age: int, done: bool) -> None:
    write(tmp_path)
    journal = Checkpoint(tmp_path, "plan", max_age=timedelta(hours=age), clock=lambda: TIME + timedelta(hours=2))
    assert (done, done) == (journal.is_done(CELL), journal.entry(ACCOUNT) is not None)


def test_an_account_that_could_not_be_entered_is_tried_again(tmp_path: Path) -> None:
    journal = Checkpoint(tmp_path, "plan")
    journal.enter(AccountEntry(ACCOUNT, why=LACK))
    journal.close()
    assert Checkpoint(tmp_path, "plan").entry(ACCOUNT) is None


def test_nothing_is_kept_of_a_block_that_failed_and_after_the_end(tmp_path: Path) -> None:
    journal = Checkpoint(tmp_path, "plan")
    with pytest.raises(ZeroDivisionError), journal.part(CELL) as part:
        part.add(ROWS[0])
        raise ZeroDivisionError
    assert ([], set()) == (list((tmp_path / "parts").iterdir()), journal.objects(CELL))
    journal.close()
    with pytest.raises(StoppedEarly):
        journal.end(WorkUnitResult(CELL, TIME, TIME))


def test_files_are_their_owners_only_and_who_is_at_it_is_left_alone(tmp_path: Path) -> None:
    directory = new_unfinished(tmp_path)
    journal = Checkpoint(directory, "plan")
    with journal.part(CELL) as part:
        part.add(ROWS[0])
    assert {0o600} == {path.stat().st_mode & 0o777 for path in directory.rglob("*") if path.is_file()}
    assert (0, []) == (remove_unfinished(tmp_path), unfinished(tmp_path))
    journal.close()
    assert ([directory], 1, []) == (unfinished(tmp_path), remove_unfinished(tmp_path), unfinished(tmp_path))
