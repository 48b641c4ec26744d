"""``perpend check`` on the example report: the contract of its forms, the ledger, the same bytes for the same input."""

from __future__ import annotations

import base64
import gzip
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from perpend.core.objects.status import Status
from tests.cli.conftest import EXAMPLE, KEY_POLICY, TIME, Run, RunWriter

VERDICT_KEYS = {
    "rating",
    *("policyId", "status", "conditionIndex", "conditionText", "currentStateMessage", "remediationMessage", "runtimeError"),
    *("references", "object"),
}
OBJECT_KEYS = {"id", "name", "externalId", "typeApiName", "typeName", "master", "account", "region", "source", "observedAt"}
HEADER = "user,arn,access_key_1_active,access_key_2_active"


def verdicts(ran: Run) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the verdicts of a JSON answer by policy and object."""
    return {(one["policyId"], one["object"]["id"]): one for one in json.loads(ran.out)["verdicts"]}


@pytest.mark.parametrize("references", ["findings", "all"])
def test_every_verdict_has_every_key(run: RunWriter, references: str) -> None:
    ran = run("check", EXAMPLE, *TIME, "--format", "json", "--references", references)
    document = json.loads(ran.out)
    totals = {"ledger", "snapshot", "setAside", "excluded", "refused", "frameworks", "waivers", "filter", "severities"}
    assert totals | {"verdicts"} == set(document)
    assert 175 == len(document["verdicts"])
    for verdict in document["verdicts"]:
        assert set(verdict) == VERDICT_KEYS
        assert set(verdict["object"]) == OBJECT_KEYS
        assert set(verdict["object"]["master"]) == OBJECT_KEYS - {"master", "account", "region", "source", "observedAt"}
        assert type(verdict["conditionIndex"]) is int
        assert verdict["status"] in list(Status)
        assert verdict["conditionText"]
        assert verdict["currentStateMessage"]
        assert verdict["remediationMessage"] or verdict["status"] != "INCOMPLIANT"
        assert bool(verdict["references"]) is (references == "all" or verdict["status"] in ("INCOMPLIANT", "UNDETERMINED"))
        assert all({"field", "label", "value"} == set(reference) for reference in verdict["references"])


def test_the_ledger_adds_up(run: RunWriter) -> None:
    document = json.loads(run("check", EXAMPLE, *TIME, "--format", "json").out)
    ledger = document["ledger"]
    counted = {status.value: 0 for status in Status}
    for verdict in document["verdicts"]:
        counted[verdict["status"]] += 1
    assert {"objects": 25, "verdicts": 175, **counted} == ledger
    assert ledger["verdicts"] == sum(counted.values())
    assert {"time": "2026-11-20T00:00:00Z", "assumed": False} == {key: document["snapshot"][key] for key in ("time", "assumed")}


def test_every_way_to_bring_a_report_gives_the_same_verdicts(run: RunWriter, tmp_path: Path) -> None:
    content = Path(EXAMPLE).read_bytes()
    answer = {
        "Content": base64.b64encode(content).decode(),
        "ReportFormat": "text/csv",
        "GeneratedTime": "2026-11-20T00:00:00+00:00",
    }
    forms = {
        "bom.csv": b"\xef\xbb\xbf" + content,
        "crlf.csv": content.replace(b"\n", b"\r\n"),
        "blank.csv": content + b"\n\n\n",
        "end.csv": content.rstrip(b"\n"),
        "quoted.csv": b"\n".join(b",".join(b'"%s"' % one for one in row.split(b",")) for row in content.splitlines()),
        "report.gz": gzip.compress(content),
        "answer.json": json.dumps(answer).encode(),
        "answer.json.gz": gzip.compress(json.dumps(answer).encode()),
    }
    expected = verdicts(run("check", EXAMPLE, *TIME, "--format", "json"))
    for one in expected.values():
        del one["object"]["source"], one["object"]["observedAt"]
    for name, form in forms.items():
        (tmp_path / name).write_bytes(form)
        found = verdicts(run("check", tmp_path / name, *TIME, "--format", "json"))
        assert {str(tmp_path / name)} == {one["object"].pop("source") for one in found.values()}
        times = {one["object"].pop("observedAt") for one in found.values()}
        assert {"2026-11-20T00:00:00Z" if "answer" in name else None} == times
        assert expected == found, name
    untimed = json.loads(run("check", tmp_path / "answer.json", "--format", "json").out)
    assert "2026-11-20T00:00:00Z" == untimed["snapshot"]["time"]


def report(root: Path, *rows: str, header: str = HEADER, name: str = "report.csv") -> Path:
    """Write a report with the given lines behind a root user without credentials."""
    known = {"user": "<root_account>", "arn": "arn:aws:iam::111122223333:root"}
    first = ",".join(known.get(column, "false" if column.endswith("_active") else "N/A") for column in header.split(","))
    path = root / name
    path.write_text("\n".join([header, first, *rows]) + "\n", "utf-8")
    return path


def of_users(ran: Any) -> list[dict[str, Any]]:
    """Return the verdicts on others than the root user."""
    return [one for one in json.loads(ran.out)["verdicts"] if one["object"]["name"] != "<root_account>"]


def user(name: str, *values: str) -> str:
    """Return a line of a report."""
    return ",".join([name, f"arn:aws:iam::111122223333:user/{name}", *values])


def test_a_header_alone_is_no_report(run: RunWriter, tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_text(f"{HEADER}\n", "utf-8")
    ran = run("check", path, *TIME)
    expected = f"perpend: {path}: a credential report without rows; each has at least the row of the root user\n"
    assert (2, "", expected) == (ran.code, ran.out, ran.err)


@pytest.mark.parametrize("policy", ["root-user-mfa", "root-account-used-recently", "delete-root-user-access-keys"])
def test_a_report_without_its_root_row_leaves_the_root_user_unknown(run: RunWriter, tmp_path: Path, policy: str) -> None:
    header, root, *rows = Path(EXAMPLE).read_text("utf-8").splitlines()
    path = tmp_path / "report.csv"
    path.write_text("\n".join([header, *rows]), "utf-8")
    ran = run("check", path, *TIME, "--policy", policy, "--format", "json")
    *others, first = json.loads(ran.out)["verdicts"]
    assert (3, UNDETERMINED, "arn:aws:iam::111122223333:root") == (ran.code, first["status"], first["object"]["id"])
    assert "missing" in first["currentStateMessage"]
    assert {INAPPLICABLE} == {one["status"] for one in others}
    elsewhere = tmp_path / "root.csv"
    elsewhere.write_text(f"{header}\n{root}\n", "utf-8")
    whole = run("check", EXAMPLE, *TIME, "--policy", policy, "--format", "json")
    parts = run("check", path, elsewhere, *TIME, "--policy", policy, "--format", "json")
    assert verdicts(whole).keys() == verdicts(parts).keys()
    assert [one["status"] for one in verdicts(whole).values()] == [one["status"] for one in verdicts(parts).values()]


INCOMPLIANT, COMPLIANT, INAPPLICABLE, UNDETERMINED = "INCOMPLIANT", "COMPLIANT", "INAPPLICABLE", "UNDETERMINED"


def test_exit_codes_tell_the_worst_status(run: RunWriter, tmp_path: Path) -> None:
    rows = {1: user("a", "true", "true"), 3: user("b", "", ""), 0: user("c", "true", "false")}
    assert {code: code for code in rows} == {
        code: run("check", report(tmp_path, row), "--policy", KEY_POLICY).code for code, row in rows.items()
    }
    assert 1 == run("check", report(tmp_path, *rows.values()), "--policy", KEY_POLICY).code


def test_names_are_kept_character_for_character_and_escaped_on_a_terminal(run: RunWriter, tmp_path: Path) -> None:
    name = "a\x1b[31m\u202eb\tc"
    path = report(tmp_path, f"{name},arn:aws:iam::111122223333:user/x,true,true")
    ran = run("check", path, *TIME, "--policy", KEY_POLICY, "--format", "json")
    assert name == of_users(ran)[0]["object"]["name"]
    assert "\x1b" not in ran.out
    table = run("check", path, *TIME, "--policy", KEY_POLICY).out
    assert not {"\x1b", "\u202e", "\t"} & set(table)


def test_numbers_beyond_json_are_still_json(run: RunWriter, tmp_path: Path) -> None:
    (tmp_path / "users.json").write_text(
        '[{"Id": "a", "CA10__arn__c": "x", "CA10__credReportAttributesJson__c": "{\\"user\\": 1e999}"}]'
    )
    ran = run("check", tmp_path / "users.json", "--type", "CA10__CaAwsUser__c", *TIME, "--format", "json")

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    json.loads(ran.out, parse_constant=refuse)


def test_a_file_appears_whole_and_readable_by_its_owner_only(run: RunWriter, tmp_path: Path) -> None:
    for form in ("json", "ndjson", "csv", "table"):
        target = tmp_path / form
        ran = run("check", EXAMPLE, *TIME, "--format", form, "--out", target)
        assert (1, "", "") == ran
        assert 0o600 == stat.S_IMODE(target.stat().st_mode)
    assert run("check", EXAMPLE, *TIME, "--format", "json").out == (tmp_path / "json").read_text("utf-8")
    assert ["csv", "json", "ndjson", "table"] == sorted(path.name for path in tmp_path.iterdir())


def test_a_failing_run_leaves_no_file_and_spoils_none(run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "out.json"
    assert 2 == run("check", report(tmp_path, "short"), "--format", "json", "--out", target).code
    assert ["report.csv"] == [path.name for path in tmp_path.iterdir()]
    target.write_text("old")
    monkeypatch.setattr("perpend.reports.formats.json.write_json", lambda evaluation, stream: stream.write("half") and 1 / 0)
    assert 2 == run("check", EXAMPLE, "--format", "json", "--out", target).code
    assert "old" == target.read_text()
    assert ["out.json", "report.csv"] == sorted(path.name for path in tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_told(run: RunWriter, tmp_path: Path) -> None:
    ran = run("check", EXAMPLE, "--format", "json", "--out", tmp_path / "none" / "out.json")
    assert (2, "") == ran[:2]
    assert 1 == ran.err.count("\n")
    assert "cannot be written: no such file or directory" in ran.err


def test_lines_of_objects_are_gone(run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = run("check", EXAMPLE, *TIME, "--by", "object", "--format", "ndjson")
    assert (2, "", 1) == (ran.code, ran.out, ran.err.count("\n"))
    assert ran.err.startswith("perpend: --by object is gone: `--format parquet`")
    assert ran.err != run("check", EXAMPLE, *TIME, "--by", "verdict", "--format", "ndjson").err
    (tmp_path / "perpend.toml").write_text('by = "object"\n')
    monkeypatch.chdir(tmp_path)
    assert "--by object is gone" in run("check", EXAMPLE).err
