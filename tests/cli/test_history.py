"""``check --store`` and the history that it keeps: what is told, what is not kept, and what keeps it from being written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from perpend.findings.history.manifest import history_manifest_from
from perpend.inventory.snapshots.manifest import sealed
from tests.cli.conftest import EXAMPLE, KEY_POLICY, Run, RunWriter, answer, done, report
from tests.repositories import logic, policy_files, write

pytestmark = pytest.mark.usefixtures("shared_database")

CHECK = ("check", "-q", "--policy", "*access-key*")


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Run]]:
    """A store of two days, to be copied, and what was said when each was judged: alma.brekke is gone on the second."""
    place, said = tmp_path_factory.mktemp("judged"), []
    for path in (report(place, "2026-11-20T00:00:00Z"), report(place, "2026-11-21T00:00:00Z", without="alma.brekke")):
        done("import", path, "--store", place / "store")
        said.append(answer(*CHECK, "--store", place / "store"))
    return place / "store", said


@pytest.fixture
def store(judged: tuple[Path, list[Run]], tmp_path: Path) -> Path:
    """The store of two days for one test alone."""
    return shutil.copytree(judged[0], tmp_path / "store")


@pytest.fixture
def unjudged(imported: Path, tmp_path: Path) -> Path:
    """A store of the example for one test alone."""
    return shutil.copytree(imported, tmp_path / "store")


def heard_of(ran: Run) -> str:
    """Return what was told, but for the age of reports."""
    return "".join(line for line in ran.err.splitlines(keepends=True) if "older than 4 hours" not in line)


def runs(store: Path) -> int:
    return len(history_manifest_from((store / "history" / "head.json").read_text()).runs)


def test_a_check_of_a_store_says_what_happened_since_the_last_one(judged: tuple[Path, list[Run]]) -> None:
    store, ran = judged
    told = f"perpend: since the last run: 1 resource deleted (perpend diff --store {store})\n"
    assert ["", told] == [heard_of(one) for one in ran]
    assert [1, 1] == [ran.code for ran in judged[1]]


def test_the_same_check_again_says_nothing_new(run: RunWriter, store: Path) -> None:
    assert "" == heard_of(run(*CHECK, "--store", store))
    assert "" == heard_of(run(*CHECK[:-1], KEY_POLICY, "--store", store))
    assert 2 == runs(store)


def test_a_history_of_an_earlier_format_is_rejected_until_it_is_removed(run: RunWriter, store: Path) -> None:
    path = store / "history" / "head.json"
    path.write_text(sealed({**json.loads(path.read_text()), "format": 4}))
    reason = "earlier version of Perpend (format 4; this version reads 6): remove the directory `history` of the store"
    told = run("findings", "--store", store)
    assert (2, "") == (told.code, told.out) and reason in told.err
    again = run(*CHECK, "--store", store)
    assert 2 == again.code and reason in again.err
    shutil.rmtree(store / "history")
    assert "" == heard_of(run(*CHECK, "--store", store))
    assert 1 == runs(store)


def test_no_history_keeps_none(run: RunWriter, unjudged: Path) -> None:
    kept = run(*CHECK, "--store", unjudged, "--no-history")
    assert (1, "") == (kept.code, heard_of(kept))
    assert not (unjudged / "history").exists()


def test_an_older_snapshot_moves_nothing(run: RunWriter, store: Path) -> None:
    (older, _) = sorted(path.stem for path in (store / "runs").glob("*.json"))
    told = run(*CHECK, "--store", store, "--run", older)
    assert heard_of(told).startswith("perpend: history: account 111122223333 already has a newer run")


def test_an_old_report_beside_a_fresh_one_resolves_nothing_of_its_account(run: RunWriter, tmp_path: Path) -> None:
    """The run's day is that of the fresh one; what the old one says is as old as it is."""
    store, other = tmp_path / "store", ("111122223333", "444455556666")
    for day, of_other in (("2026-11-20", "2026-11-21"), ("2026-11-22", "2026-11-05"), ("2026-11-23", "2026-11-22")):
        (tmp_path / day).mkdir()
        (tmp_path / day / "other").mkdir()
        mended = () if of_other == "2026-11-21" else (("alma.brekke", "alma.mended"),)
        reports = (
            report(tmp_path / day, f"{day}T00:00:00Z"),
            report(tmp_path / day / "other", f"{of_other}T00:00:00Z", other, *mended),
        )
        assert 0 == run("import", *reports, "--store", store).code
        told = heard_of(run(*CHECK, "--store", store))
        if of_other == "2026-11-05":
            assert told.startswith(
                "perpend: history: account 444455556666 already has a newer run; its findings are unchanged\n"
            )
            assert "since the last run: 1 opened (" in told  # whom nobody knew
    assert f"perpend: since the last run: 1 resource deleted (perpend diff --store {store})\n" == told


def test_a_day_in_the_future_is_not_kept(run: RunWriter, store: Path) -> None:
    told = run(*CHECK, "--store", store, "--snapshot-time", "2999-01-01")
    assert 2 == told.code
    assert "the run was not recorded in the history" in told.err
    assert "2999-01-01, is in the future" in told.err
    assert 2 == runs(store)


def test_a_history_that_cannot_be_written_is_exit_code_2_and_changes_no_verdict(run: RunWriter, unjudged: Path) -> None:
    (unjudged / "history").write_text("in the way")
    told = run("check", "--store", unjudged, "-q", "--fail-on", "never")
    assert 2 == told.code
    assert "175 verdicts" in told.out
    assert heard_of(told).startswith("perpend: the run was not recorded in the history: ")
    assert 1 == run("check", "--store", unjudged, "-q", "--no-history").code


@pytest.mark.parametrize("damage", ["head", "file"])
def test_a_damaged_history_is_named_and_left_alone(run: RunWriter, tmp_path: Path, store: Path, damage: str) -> None:
    path = next((store / "history").glob("known/*/*.parquet")) if damage == "file" else store / "history" / "head.json"
    found = sorted((store / "history").glob("known/*/*.parquet"))
    for one in found if damage == "file" else [path]:
        one.write_bytes(one.read_bytes()[:-9])
    run("import", report(tmp_path, "2026-11-22T00:00:00Z"), "--store", store)
    told = run(*CHECK, "--store", store)
    assert 2 == told.code
    assert "perpend: the run was not recorded in the history: " in told.err
    assert "Traceback" not in told.err


def test_a_policy_that_the_repository_lacks_is_told_until_somebody_says_what_became_of_it(
    run: RunWriter, unjudged: Path, tmp_path: Path
) -> None:
    for name in ("before", "after"):
        files = policy_files(logic(input_type="CA10__CaAwsUser__c", otherwise="INCOMPLIANT"))
        write(tmp_path / name, {path.replace("/policy/", f"/{name}/"): content for path, content in files.items()})
    run("check", "--store", unjudged, "--repo", tmp_path / "before", "-q")
    faulty = tmp_path / "after" / "renames.yaml"
    faulty.write_text("renames: [{from: /ce/before, to: /ce/aftr}]\n")
    told = run("check", "--store", unjudged, "--repo", tmp_path / "after", "-q")
    assert "the run was not recorded in the history: renames.yaml:1: there is no policy `/ce/aftr`" in told.err
    faulty.unlink()
    told = run("check", "--store", unjudged, "--repo", tmp_path / "after", "-q")
    assert "the repository no longer has policy /ce/before: add it to renames.yaml" in told.err
    assert "(/ce/after means the same)" in told.err
    faulty.write_text("renames: [{from: /ce/before, to: /ce/after}]\n")
    told = run("check", "--store", unjudged, "--repo", tmp_path / "after", "-q")
    assert "no longer has policy" not in told.err
    assert "25 policy removed" in told.err
    for name in ("before", "after"):
        assert 25 == len(json.loads(run("findings", "--store", unjudged, "--policy", name, "--format", "json").out))
        assert 0 == run("history", name, "--store", unjudged).code


def test_a_run_over_few_types_leaves_what_is_known_of_others(run: RunWriter, tmp_path: Path) -> None:
    images = tmp_path / "images.json"
    images.write_text(json.dumps([{"Id": "ami-1", "CA10__disappearanceTime__c": None, "CA10__public__c": True}]))
    store, image = tmp_path / "store", ("--policy", "image-public")
    run("import", images, "--type", "CA10__CaAwsImage__c", EXAMPLE, "--store", store)
    run("check", "--store", store, "--snapshot-time", "2026-11-20", "-q", *image, "--policy", "root-user-mfa")
    run("check", "--store", store, "--snapshot-time", "2026-11-21", "-q", *image)
    run("check", "--store", store, "--snapshot-time", "2026-11-19", "-q", *image)
    trend = json.loads(run("trend", "--store", store, "--format", "json").out)
    assert [(1, 2, False), (2, 2, False), (3, 2, True)] == [(one["run"], one["open"], bool(one["late"])) for one in trend]
    assert "  late" in run("trend", "--store", store).out
    assert "evaluated 1 of 2 policies, 1 of 26 verdicts" in run("diff", "1", "2", "--store", store).out
