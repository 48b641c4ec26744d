"""Every line of "Bad input": nothing on stdout, exit 2, one line on stderr that names file and reason."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import EXAMPLE, TIME, RunWriter
from tests.repositories import logic, policy_files, write

ROW = "a,arn:aws:iam::111122223333:user/a,true,false"
HEADER = "user,arn,access_key_1_active,access_key_2_active"
GOOD = f"{HEADER}\n{ROW}\n"
CONTENT = base64.b64encode(GOOD.encode()).decode()


def wrapped(**more: Any) -> bytes:
    return json.dumps({"Content": CONTENT, "ReportFormat": "text/csv", **more}).encode()


UNUSABLE: dict[str, tuple[bytes, str]] = {
    "HTML page": (b"<!DOCTYPE html><html><body>Sign in</body></html>", "HTML"),
    "NUL byte": (f"{HEADER}\n{ROW}\0\n".encode(), "NUL"),
    "nothing": (b"", "empty"),
    "truncated row": (f"{HEADER}\n{ROW}\nb,arn:aws:iam::111122223333:user/b,tr".encode(), "line 3"),
    "bad base64": (wrapped(Content="%%%"), "base64"),
    "answer of generate": (b'{"State": "STARTED", "Description": "No report exists"}', "generate-credential-report"),
    "array without type": (b"[]", "--type"),
    "long reason": (f"{HEADER}\na,{'x' * 5_000},true,false\n".encode(), "line 2"),
    "control characters": (f"{HEADER}\na,\x1b[31m\u202e,true,false\n".encode(), "line 2"),
}


def assert_one_line(error: str, *parts: str) -> None:
    """See that an error is one printable line of at most 600 characters that holds some parts."""
    assert error.endswith("\n")
    line = error[:-1]
    assert line.isprintable()
    assert len(line) <= 600 + len("perpend: ")
    assert all(part in line for part in parts), line


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_unusable_input_ends_everything(run: RunWriter, tmp_path: Path, name: str) -> None:
    content, reason = UNUSABLE[name]
    path = tmp_path / "input"
    path.write_bytes(content)
    ran = run("check", EXAMPLE, path, *TIME)
    assert (2, "") == (ran.code, ran.out)
    assert_one_line(ran.err, str(path), reason)


def test_keep_going_judges_the_rest_and_repeats_the_failure(run: RunWriter, tmp_path: Path) -> None:
    content, reason = UNUSABLE["truncated row"]
    (tmp_path / "bad").write_bytes(content)
    (tmp_path / "worse").write_bytes(b"\0")
    ran = run("check", tmp_path / "bad", EXAMPLE, tmp_path / "worse", *TIME, "--format", "json", "--keep-going")
    assert 2 == ran.code
    assert 25 == json.loads(ran.out)["ledger"]["objects"]
    lines = ran.err.splitlines(keepends=True)
    told, again = (["".join(line.split(": ", 1)[1:]) for line in part] for part in (lines[:2], lines[2:]))
    assert told == [line.removeprefix("not evaluated: ") for line in again], "told where it happens, and again at the end"
    assert_one_line(lines[0], str(tmp_path / "bad"), reason)
    assert_one_line(lines[1], str(tmp_path / "worse"))


def test_of_many_unusable_inputs_ten_are_named_and_a_report_names_all(run: RunWriter, tmp_path: Path) -> None:
    bad = [tmp_path / f"{number:04}" for number in range(1_000)]
    for path in bad:
        path.write_bytes(b"\0")
    ran = run("check", EXAMPLE, *bad, *TIME, "--format", "json", "--keep-going")
    lines = ran.err.splitlines()
    assert ["perpend: and 990 more inputs"] * 2 == [lines[10], lines[21]]
    assert (2, 22) == (ran.code, len(lines))
    assert [*map(str, bad)] == sorted(json.loads(ran.out)["snapshot"]["unread"])


def test_keep_going_without_a_usable_input_is_no_pass(run: RunWriter, tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(b"<html>")
    ran = run("check", tmp_path / "bad", "--keep-going", "--format", "json")
    assert 2 == ran.code
    assert str(tmp_path / "bad") in ran.err


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda place: None, "no such file"),
        (lambda place: place.mkdir(), "directory"),
        (lambda place: place.symlink_to(place), ""),
    ],
)
def test_a_path_that_is_no_file(run: RunWriter, tmp_path: Path, make: Any, reason: str) -> None:
    place = tmp_path / "input"
    make(place)
    ran = run("check", place)
    assert (2, "") == (ran.code, ran.out)
    assert_one_line(ran.err, str(place), reason)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--policy", "user-has-more-than-one-active-acces-key"), "did you mean 'user-has-more-than-one-active-access-key'?"),
        (("--policy", "x\n\x1b[31m" * 300), "unknown policy"),
        (("--framework", "cis-aw"), "unknown framework or section 'cis-aw' (did you mean 'cis-aws-v7.0.0'?)"),
        (("--framework", "cis-aws-v9"), "unknown framework or section 'cis-aws-v9' (did you mean 'cis-aws-v7.0.0'?)"),
        (("--type", "CA10__CaAwsUsr__c"), "unknown type 'CA10__CaAwsUsr__c' (did you mean 'CA10__CaAwsUser__c'?)"),
        (("--repo", "/nonexistent"), "/nonexistent: there is no such directory"),
        (("--repo", str(Path(__file__).parent)), "not a policy repository"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(run: RunWriter, arguments: tuple[str, ...], reason: str | None) -> None:
    ran = run("check", EXAMPLE, *arguments, "--format", "json")
    if reason is None:
        assert 0 <= ran.code <= 3
        return
    assert (2, "") == (ran.code, ran.out)
    assert_one_line(ran.err, reason)


def test_a_policy_without_production_logic_or_over_another_type_is_no_pass(run: RunWriter, tmp_path: Path) -> None:
    write(
        tmp_path,
        {**policy_files(logic()), "ce/idea/policy.yaml": {"names": {"full": "I", "contextual": "I"}, "description": ""}},
    )
    for policy, reason in (
        ("idea", "/ce/idea has no prod.logic.yaml"),
        ("policy", 'but the inputs contain "AWS IAM User" and "AWS Account"'),
    ):
        ran = run("check", EXAMPLE, "--repo", tmp_path, "--policy", policy)
        assert (2, "") == (ran.code, ran.out)
        assert_one_line(ran.err, reason)
    ran = run("check", EXAMPLE, "--repo", tmp_path)
    assert_one_line(ran.err, 'the policies apply to "CA10__CaThing__c", of which the inputs hold nothing')


def test_a_policy_with_errors_is_refused_and_the_others_judge(run: RunWriter, tmp_path: Path) -> None:
    bad = logic({"EXTRACT": "none"}, input_type="CA10__CaAwsUser__c")
    good = logic(input_type="CA10__CaAwsUser__c")
    write(
        tmp_path,
        {
            **policy_files(good),
            "ce/bad/prod.logic.yaml": bad,
            "ce/bad/policy.yaml": {"names": {"full": "B", "contextual": "B"}, "description": ""},
        },
    )
    ran = run("check", EXAMPLE, "--repo", tmp_path, *TIME, "--format", "json")
    assert 2 == ran.code
    assert {"/ce/policy"} == {one["policyId"] for one in json.loads(ran.out)["verdicts"]}
    assert "error[A203]: unknown extract `none`" in ran.err
    assert "perpend: 1 policy is not evaluated: /ce/bad\n" in ran.err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("check",), "name either INPUTs or a --store to check"),
        (("check", EXAMPLE, "--format", "jsno"), " (did you mean 'json'?); `perpend check --help` shows more"),
        (("check", EXAMPLE, "--format", "a\nb\x1b[31m"), r"'a\nb\x1b[31m' is not one of "),
        (("check", EXAMPLE, "--limit"), "option '--limit' requires an argument"),
        (("chek", EXAMPLE), "unknown command 'chek' (did you mean 'check'?); `perpend --help` shows more"),
        (("scan", "oci"), "only AWS, Azure and Google can be collected so far, not 'oci'; `perpend scan --help` shows more"),
        (("scan", "gcp"), "unknown command 'gcp' (did you mean 'google'?); `perpend scan --help` shows more"),
        (("check", EXAMPLE, "--framework", "hipaa"), "'hipaa'; `perpend list frameworks` shows all"),
        (("new", "polcy"), "no such command 'polcy' (did you mean 'policy'?); `perpend new --help` shows more"),
        (("completion",), "missing argument '{bash|zsh|fish}'. Choose from: bash, zsh, fish; `"),
        (("list", "polices"), "(did you mean 'policies'?)"),
        (("check", EXAMPLE, "--status", "incomplaint"), "'disappeared' (did you mean 'incompliant'?)"),
        (("test", "root-user-mfaa"), "unknown policy or logic 'root-user-mfaa' (did you mean 'root-user-mfa'?)"),
    ],
)
def test_a_usage_error_is_one_line_with_the_nearest_right_word(run: RunWriter, arguments: tuple[str, ...], reason: str) -> None:
    ran = run(*arguments)
    assert (2, "") == (ran.code, ran.out)
    assert_one_line(ran.err, reason)


def test_without_a_command_there_is_help(run: RunWriter) -> None:
    ran = run()
    assert (2, "") == (ran.code, ran.out)
    assert ran.err.startswith("Usage: perpend ")


@pytest.mark.parametrize(
    "words", [("lint", "--repo"), ("findings", "--store"), ("check", "--store"), ("waivers", "lint", "--waivers")]
)
def test_a_file_in_place_of_a_directory_is_called_a_file(run: RunWriter, words: tuple[str, ...]) -> None:
    ran = run(*words, EXAMPLE)
    assert (2, "") == (ran.code, ran.out)
    assert_one_line(ran.err, f"{EXAMPLE}: is a file, not a directory")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('[{"Id": "a"}, 1]', "entry 2 of the array is"),
        ('[{"Name": "a"}]', "object 1 of the array: its `Id` is missing"),
        (GOOD, "holds `CA10__CaAwsUser__c` objects"),
    ],
)
def test_objects_in_json_must_be_objects_with_an_id(run: RunWriter, tmp_path: Path, content: str, reason: str) -> None:
    write(tmp_path, policy_files(logic()))
    (tmp_path / "objects.json").write_text(content)
    ran = run("check", tmp_path / "objects.json", "--repo", tmp_path, "--type", "CA10__CaThing__c")
    assert (2, "") == (ran.code, ran.out)
    assert_one_line(ran.err, reason)


def test_objects_in_json_are_judged_by_their_type(run: RunWriter, tmp_path: Path) -> None:
    check = {"IS_EQUAL": {"left": {"FIELD": {"path": "size"}}, "right": {"NUMBER": 1}}}
    write(tmp_path, policy_files(logic(check)))
    (tmp_path / "objects.json").write_text('[{"Id": "a", "Name": "A", "size": 1}, {"Id": "b", "size": 2, "expectedResult": 1}]')
    ran = run("check", tmp_path / "objects.json", "--repo", tmp_path, "--type", "CA10__CaThing__c", *TIME, "--format", "json")
    found = [(one["object"]["name"], one["status"], one["object"]["master"]) for one in json.loads(ran.out)["verdicts"]]
    assert (1, [("A", "INCOMPLIANT", None), ("b", "COMPLIANT", None)]) == (ran.code, sorted(found))


@pytest.mark.parametrize("words", ["lint --repo", "site build --out", "findings --store", "check --waivers"])
def test_what_the_system_refuses_is_named(run: RunWriter, tmp_path: Path, words: str) -> None:
    ran = run(*words.split(), tmp_path / ("x" * 300), *([EXAMPLE] if words == "check --waivers" else []))
    assert (2, "") == (ran.code, ran.out)
    assert_one_line(ran.err, f"{tmp_path / ('x' * 300)}", "file name too long")
