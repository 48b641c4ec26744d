"""Packs as people make and check them: the same bytes, whatever is changed is named, what cannot be checked never passes."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shlex
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from perpend.inventory.snapshots.manifest import document_from, sealed
from perpend.reports.evidence import verify as verifying
from perpend.reports.evidence.archive import write_archive
from tests.cli.conftest import KEY_POLICY, RunWriter, done, report
from tests.repositories import write

pytestmark = pytest.mark.usefixtures("shared_database")

KEYS = f"/ce/ca/aws/iam/{KEY_POLICY}"
POLICY = f"policies{KEYS}/prod.logic.yaml"
WAIVER = {"id": "w", "policies": [KEYS], "kind": "accepted-risk", "reason": "A trial.", "owner": "o@x.example", "limit": 9}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("packed")


@pytest.fixture
def store(run: RunWriter, place: Path) -> Path:
    """A store of one day, judged by one policy, and the pack of it."""
    if not (place / "store").exists():
        run("import", report(place, "2026-11-20T00:00:00Z"), "--store", place / "store")
        run("check", "--store", place / "store", "-q", "--policy", KEY_POLICY)
        assert 0 == run("evidence", "--store", place / "store", "--out", place / "pack.zip").code
    return place / "store"


@pytest.fixture
def pack(store: Path) -> Path:
    return store.parent / "pack.zip"


def members_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def statement_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(members_of(path)["statement.json"])
    return found


def repacked(path: Path, target: Path, edits: Mapping[str, bytes | None], *, lie: bool = True, **predicate: Any) -> Path:
    """Write a pack with other members; with ``lie``, its statement says that this is how they were."""
    members = {name: content for name, content in {**members_of(path), **edits}.items() if content is not None}
    statement = json.loads(members["statement.json"])
    if lie:
        statement["subject"] = [
            {"name": name, "digest": {"sha256": hashlib.sha256(content).hexdigest()}}
            for name, content in members.items()
            if name != "statement.json"
        ]
    statement["predicate"] |= predicate
    with target.open("wb") as stream:
        write_archive(stream, {**members, "statement.json": json.dumps(statement).encode()})
    return target


def checked(run: RunWriter, path: Path, *options: Any) -> tuple[int, dict[str, Any]]:
    found = run("evidence", "verify", path, "--format", "json", *options)
    return found.code, json.loads(found.out)


def test_a_pack_holds_the_run_that_the_history_knows_and_the_same_bytes_each_time(
    run: RunWriter, store: Path, pack: Path
) -> None:
    again = store.parent / "again.zip"
    told = run("evidence", "--run", "1", "--store", store, "--out", again)
    assert f"25 verdicts by 1 policy, {len(members_of(pack))} files\nstatement sha256:{run_digest(pack)}\n" == told.out
    assert pack.read_bytes() == again.read_bytes()
    assert 0o600 == stat.S_IMODE(pack.stat().st_mode)
    predicate = statement_of(pack)["predicate"]
    assert [KEYS] == [one["id"] for one in predicate["policies"]]
    assert {"run": 1, "changedSince": []} == {key: predicate["history"][key] for key in ("run", "changedSince")}
    assert "2026-11-20T00:00:00Z" == predicate["run"]["time"]
    assert str(store) not in members_of(pack)["statement.json"].decode()


def run_digest(path: Path) -> str:
    return hashlib.sha256(members_of(path)["statement.json"]).hexdigest()


def test_a_pack_that_holds_is_checked_in_full(run: RunWriter, pack: Path) -> None:
    code, found = checked(run, pack)
    assert (0, True, [], [], []) == (code, found["holds"], *(found[key] for key in ("faults", "notChecked", "doubts")))
    assert run_digest(pack) == found["statement"]
    assert "evaluated again: 25 verdicts by 1 policy, equal byte for byte" == found["checked"][1]
    assert run("evidence", "verify", pack).out.endswith("the evidence pack is valid\n")


def test_facts_can_stay_at_home_and_the_pack_says_that_it_was_not_judged_again(
    run: RunWriter, store: Path, tmp_path: Path
) -> None:
    path = tmp_path / "bare.zip"
    assert 0 == run("evidence", "--store", store, "--no-inputs", "--out", path).code
    members = members_of(path)
    assert not [name for name in members if name.endswith(".parquet")]
    rows = list(csv.DictReader(io.StringIO(members["verdicts.csv"].decode(), newline="")))
    assert {("", "", "")} == {(row["objectName"], row["references"], row["runtimeError"]) for row in rows}
    assert b"2026-0" not in members["verdicts.csv"]
    code, found = checked(run, path)
    assert (3, None) == (code, found["holds"])
    assert ["evaluating again: the inputs were left out; name their store with --inputs"] == found["notChecked"]
    code, found = checked(run, path, "--inputs", store)
    assert (0, True) == (code, found["holds"])


def test_the_store_that_stands_in_has_to_hold_the_same(run: RunWriter, store: Path, tmp_path: Path) -> None:
    path, other = tmp_path / "bare.zip", tmp_path / "other"
    run("evidence", "--store", store, "--no-inputs", "--out", path)
    run("import", report(tmp_path, "2026-11-21T00:00:00Z"), "--store", other)
    (manifest,) = (store / "runs").glob("*.json")
    (own,) = (other / "runs").glob("*.json")
    document = document_from(own.read_text())
    document.pop("checksum")
    own.with_name(manifest.name).write_text(sealed({**document, "run": manifest.stem}))
    code, found = checked(run, path, "--inputs", other)
    assert 1 == code
    assert "is not the snapshot of the statement" == found["faults"][0]["reason"]


def test_a_member_that_was_changed_is_named(run: RunWriter, pack: Path, tmp_path: Path) -> None:
    path = repacked(pack, tmp_path / "p.zip", {POLICY: members_of(pack)[POLICY] + b"\n"}, lie=False)
    code, found = checked(run, path)
    assert (1, False) == (code, found["holds"])
    assert [{"member": POLICY, "reason": "was changed: its SHA-256 differs from the statement"}] == found["faults"]
    assert ["evaluating again: an evidence pack with faults is not used"] == found["notChecked"]


def test_members_that_are_missing_or_nobody_named_are_told(run: RunWriter, pack: Path, tmp_path: Path) -> None:
    path = repacked(pack, tmp_path / "p.zip", {"waivers.json": None, "policies/more.txt": b"", POLICY: None}, lie=False)
    faults = {one["member"]: one["reason"] for one in checked(run, path)[1]["faults"]}
    missing = "is missing, but the statement names it"
    assert {"waivers.json": missing, POLICY: missing, "policies/more.txt": "is not named by the statement"} == faults
    code, found = checked(run, repacked(pack, path, {"snapshot/extracts/x/y.parquet": b""}))
    assert (1, "does not belong in an evidence pack") == (code, found["faults"][0]["reason"])


def test_a_pack_whose_statement_lies_as_well_is_found_out_by_judging(run: RunWriter, pack: Path, tmp_path: Path) -> None:
    members = members_of(pack)
    better = members["verdicts.csv"].replace(b",INCOMPLIANT,", b",COMPLIANT,")
    code, found = checked(run, repacked(pack, tmp_path / "a.zip", {"verdicts.csv": better}))
    line = next(number for number, text in enumerate(members["verdicts.csv"].split(b"\n"), 1) if b",INCOMPLIANT," in text)
    assert (1, [{"member": "verdicts.csv", "reason": f"evaluating again gives another line {line}"}]) == (code, found["faults"])
    milder = members[POLICY].replace(b"INCOMPLIANT", b"INAPPLICABLE")
    assert milder != members[POLICY]
    reasons = {one["reason"] for one in checked(run, repacked(pack, tmp_path / "b.zip", {POLICY: milder}))[1]["faults"]}
    assert {"evaluating again gives another `policies`", "evaluating again gives another `verdicts`"} < reasons
    gone = repacked(pack, tmp_path / "c.zip", {POLICY: b"conditions: 5"})
    reasons = {one["reason"] for one in checked(run, gone)[1]["faults"]}
    assert {"evaluating again gives another `policies`", "evaluating again gives another `notAsked`"} < reasons


EXCLUDED = "/ce/ca/aws/iam/root-user-mfa"


@pytest.fixture(scope="module")
def excluding(place: Path) -> Path:
    """A pack of a run that excluded a policy, one of whose policies has changed since."""
    store, path = place / "excluding", place / "excluding.zip"
    done("import", report(place, "2026-11-20T00:00:00Z"), "--store", store)
    done("check", "--store", store, "-q", "--policy", KEY_POLICY, code=1)
    done("evidence", "--store", store, "--policy", "*root-user*", "--exclude", "root-user-mfa", "--out", path, code=3)
    return path


def test_policies_that_were_left_out_are_packed_and_the_plain_command_leaves_them_out_too(
    run: RunWriter, excluding: Path, tmp_path: Path
) -> None:
    predicate = statement_of(excluding)["predicate"]
    assert ([EXCLUDED], ["root-user-mfa"]) == (predicate["notAsked"]["excluded"], predicate["asked"]["exclude"])
    assert f"policies{EXCLUDED}/prod.logic.yaml" in members_of(excluding)
    assert (0, True) == (lambda code, found: (code, found["holds"]))(*checked(run, excluding))
    zipfile.ZipFile(excluding).extractall(tmp_path / "pack")
    (command,) = (one for one in predicate["commands"] if one.startswith("perpend check"))
    words = [word.replace("pack/", f"{tmp_path}/pack/").replace("again", f"{tmp_path}/again") for word in shlex.split(command)]
    assert 1 == run(*words[1:]).code
    assert members_of(excluding)["verdicts.csv"] == (tmp_path / "again.csv").read_bytes()


@pytest.mark.parametrize(
    ("key", "forged", "differs"),
    [
        ("notAsked", {"excluded": []}, "notAsked"),
        ("asked", {"exclude": []}, "policies"),
        ("asked", {"comment": "nothing was left out"}, "asked"),
        ("history", {"changedSince": []}, "history"),
    ],
)
def test_a_statement_that_was_forged_is_not_valid(
    run: RunWriter, excluding: Path, tmp_path: Path, key: str, forged: dict[str, Any], differs: str
) -> None:
    predicate = statement_of(excluding)["predicate"]
    path = repacked(excluding, tmp_path / "p.zip", {}, **{key: {**predicate[key], **forged}})
    code, found = checked(run, path)
    assert (1, False) == (code, found["holds"])
    reason = f"evaluating again gives another `{differs}`"
    assert {"member": "statement.json", "reason": reason} in found["faults"]


def test_a_record_of_the_run_that_does_not_fit_its_verdicts_is_not_valid(run: RunWriter, pack: Path, tmp_path: Path) -> None:
    history = statement_of(pack)["predicate"]["history"]
    for forged in ({"passing": {KEYS: 1}}, {"programs": {}}, {"programs": {KEYS: "0" * 32}}):
        code, found = checked(run, repacked(pack, tmp_path / "p.zip", {}, history={**history, **forged}))
        assert (1, ["evaluating again gives another `history`"]) == (code, [one["reason"] for one in found["faults"]])


def test_what_stands_in_front_for_people_is_what_stands_in_every_pack(run: RunWriter, pack: Path, tmp_path: Path) -> None:
    told = members_of(pack)["README.txt"] + b"\nAll verdicts are compliant.\n"
    code, found = checked(run, repacked(pack, tmp_path / "p.zip", {"README.txt": told}))
    assert (1, ["README.txt"]) == (code, [one["member"] for one in found["faults"]])


def test_another_version_that_judges_otherwise_is_not_known_to_be_wrong_and_does_not_pass(
    run: RunWriter, pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "VERSIONS", {**verifying.VERSIONS, "perpend": "9.9"})
    code, found = checked(run, pack)
    assert (0, True) == (code, found["holds"])
    assert "by another version" in found["checked"][-1]
    edited = repacked(pack, tmp_path / "p.zip", {"verdicts.csv": members_of(pack)["verdicts.csv"] + b"more\r\n"})
    code, found = checked(run, edited)
    assert (3, None, []) == (code, found["holds"], found["faults"])
    assert "perpend 9.9" in found["notChecked"][0]
    kind = repacked(pack, edited, {})
    content = members_of(kind)
    content["statement.json"] = content["statement.json"].replace(b"urn:perpend:pack:1", b"urn:perpend:pack:2")
    kind.write_bytes(b"")
    with kind.open("wb") as stream:
        write_archive(stream, content)
    code, found = checked(run, kind)
    assert (3, True) == (code, "does not know urn:perpend:pack:2" in found["notChecked"][0])


def test_a_manifest_that_leads_elsewhere_reads_nothing_there(run: RunWriter, pack: Path, tmp_path: Path) -> None:
    (name,) = (one for one in members_of(pack) if one.startswith("snapshot/runs/"))
    for elsewhere in ("../../secret", "/etc/hostname", "runs/x"):
        document = document_from(members_of(pack)[name].decode())
        document.pop("checksum")
        document["tables"][0]["files"][0]["path"] = elsewhere
        code, found = checked(run, repacked(pack, tmp_path / "p.zip", {name: sealed(document).encode()}))
        assert (1, False) == (code, found["holds"])
        assert found["faults"][0]["reason"].startswith("the run cannot be evaluated again")


def test_a_policy_that_changed_since_the_run_is_told(run: RunWriter, store: Path, tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    zipfile.ZipFile(store.parent / "pack.zip").extractall(tmp_path / "pack")
    (tmp_path / "pack" / "policies").rename(repo)
    logic = repo / KEYS[1:] / "prod.logic.yaml"
    logic.write_text(logic.read_text().replace("INCOMPLIANT", "INAPPLICABLE"))
    told = run("evidence", "--store", store, "--repo", repo, "--out", tmp_path / "p.zip")
    assert (3, True) == (told.code, f"changed since the run, or not known from it: {KEYS}" in told.err)
    assert [KEYS] == statement_of(tmp_path / "p.zip")["predicate"]["history"]["changedSince"]
    code, found = checked(run, tmp_path / "p.zip")
    assert (0, True, [f"changed since the run, or not known from it: {KEYS}"]) == (code, found["holds"], found["doubts"])
    assert (
        f"in doubt     changed since the run, or not known from it: {KEYS}\n"
        in run("evidence", "verify", tmp_path / "p.zip").out
    )


def test_what_each_waiver_covers_who_rated_it_and_what_it_means_for_requirements_is_packed_and_proved(
    run: RunWriter, store: Path, tmp_path: Path
) -> None:
    scope = {"names": ["alma*", "build-*"]}
    two = [{**WAIVER, "until": "2027-01-01"}, {**WAIVER, "id": "v", "until": "2027-02-01", "scope": scope}]
    write(tmp_path / "waivers", {"a.yaml": {"waivers": two}})
    said = {"policies": [KEYS], "severity": "high", "because": "A trial.", "source": "board"}
    write(tmp_path / "ratings", {"r.yaml": {"ratings": [said]}})
    path = tmp_path / "p.zip"
    asked = (
        "--waivers",
        tmp_path / "waivers",
        "--ratings",
        tmp_path / "ratings",
        "--no-default-ratings",
        "--framework",
        "/frameworks/cis-aws-v6.0.0/02/12",
    )
    assert 0 == run("evidence", "--store", store, *asked, "--out", path).code
    members = members_of(path)
    rows = list(csv.DictReader(io.StringIO(members["waived.csv"].decode())))
    assert {("w", "true", KEYS), ("v", "false", KEYS)} == {(row["waiver"], row["shown"], row["policyId"]) for row in rows}
    assert (4, 2) == tuple(sum(row["waiver"] == name for row in rows) for name in "wv")
    assert {"INCOMPLIANT": 0, "UNDETERMINED": 3} == json.loads(members["ratings.json"])["severities"]["high"]
    assert b",severity,ratedBy," in members["verdicts.csv"] and "policies/ratings/r.yaml" in members
    requirements = list(csv.DictReader(io.StringIO(members["requirements.csv"].decode())))
    assert {"undetermined"} == {row["standing"] for row in requirements}
    assert 0 == checked(run, path)[0]
    written = ("waived.csv", "ratings.json", "requirements.csv")
    edits = {name: members[name].replace(b"high", b"low").replace(b"alma", b"anna") + b" " for name in written}
    faults = checked(run, repacked(path, tmp_path / "q.zip", edits))[1]["faults"]
    assert sorted(written) == sorted(one["member"] for one in faults)
    gone = repacked(path, tmp_path / "q.zip", {"waived.csv": None})
    assert "is missing, but evaluating again writes it" == checked(run, gone)[1]["faults"][0]["reason"]


def test_a_pack_in_which_more_is_compliant_than_its_run_found_says_so(run: RunWriter, tmp_path: Path) -> None:
    store, path, aged = tmp_path / "store", tmp_path / "p.zip", ("--max-age", "24h")
    run("import", report(tmp_path, "2026-11-01T00:00:00Z"), "--store", store)
    assert 3 == run("check", "--store", store, "-q", "--policy", KEY_POLICY, "--snapshot-time", "2026-11-20", *aged).code
    told = run("evidence", "--store", store, "--out", path)
    assert 3 == told.code and f"now than in the run (give its --max-age, if it had one): {KEYS}" in told.err
    assert [KEYS] == statement_of(path)["predicate"]["history"]["moreThanFound"]
    assert [f"more is compliant or inapplicable now than in the run: {KEYS}"] == checked(run, path)[1]["doubts"]
    told = run("evidence", "--store", store, "--out", path, *aged)
    assert (0, "") == (told.code, told.err)
    assert [] == statement_of(path)["predicate"]["history"]["moreThanFound"]


def test_a_cut_pack_and_what_is_none_have_codes_of_their_own(run: RunWriter, pack: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.zip"
    cut.write_bytes(pack.read_bytes()[:-2_000])
    assert 1 == run("evidence", "verify", cut).code
    cut.write_bytes(pack.read_bytes()[:200])
    code, found = checked(run, cut)
    assert (1, [{"member": "statement.json", "reason": "the file is cut off within this member"}]) == (code, found["faults"])
    cut.write_text("no pack")
    assert (2, f"perpend: {cut}: is not an evidence pack: not a ZIP file\n") == run("evidence", "verify", cut)[::2]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--run", "7"], "the history has no run `7`"),
        (["--policy", "nothing-like-it"], "nothing-like-it"),
        (["--out", "."], "is a directory"),
    ],
)
def test_what_cannot_be_packed_is_one_line_and_writes_nothing(
    run: RunWriter, store: Path, tmp_path: Path, options: list[str], words: str
) -> None:
    told = run("evidence", "--store", store, "--out", tmp_path / "p.zip", *options)
    assert (2, True) == (told.code, words in told.err)
    assert [] == list(tmp_path.iterdir())
