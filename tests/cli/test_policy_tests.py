"""``perpend test``: its contract, its exit codes, and that it never writes to the repository."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from perpend.language.syntax.repository import open_repository
from tests.cli.conftest import KEY_POLICY, RunWriter
from tests.repositories import logic, policy_files, write

FLAG = {"BOOLEAN_FROM": {"arg": {"FIELD": {"path": "flag"}}, "undeterminedIf": {"isEmpty": "unset"}}}


def entry(name: str, status: str, index: str, text: str, **fields: Any) -> dict[str, Any]:
    return {
        "Id": name,
        **fields,
        "expectedResult": {"status": status, "conditionIndex": index, "conditionText": text, "runtimeError": None},
    }


RIGHT, WRONG = (
    entry("a", "INCOMPLIANT", "199", "flag.asBoolean()", flag="true"),
    entry("b", "INCOMPLIANT", "199", "otherwise", flag="x"),
)


def repository(root: Path, *entries: Any, **files: Any) -> Path:
    """Write a repository with one policy and its tests."""
    data = {"ce/policy/test-data.json": list(entries)}
    return write(root, {**policy_files(logic(FLAG, testData=[{"file": "test-data.json"}])), **data, **files})


def digest(root: Path) -> str:
    """Return a hash over everything below a directory: names, contents, modes, times."""
    sum_ = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        sum_.update(repr((str(path.relative_to(root)), status.st_mode, status.st_mtime_ns)).encode())
        if path.is_file():
            sum_.update(path.read_bytes())
    return sum_.hexdigest()


def test_the_json_contract(run: RunWriter, tmp_path: Path) -> None:
    ran = run("test", "--repo", repository(tmp_path, RIGHT, WRONG), "--format", "json")
    document = json.loads(ran.out)
    fields = {"status": 1, "conditionIndex": 1, "conditionText": 2, "runtimeError": 2}
    assert {"executions": 2, "passed": 1, "failed": 1, "fields": fields} == document["summary"]
    logic_id = "/ce/policy/prod.logic.yaml"
    assert [
        {"logicId": logic_id, "objectId": "b", "field": "status", "expected": "INCOMPLIANT", "actual": "COMPLIANT"},
        {"logicId": logic_id, "objectId": "b", "field": "conditionIndex", "expected": "199", "actual": "200"},
    ] == document["failures"]
    assert (1, "") == (ran.code, ran.err)


def test_junit_has_a_case_for_each_execution(run: RunWriter, tmp_path: Path) -> None:
    bad = logic({"EXTRACT": "none"})
    ran = run(
        "test",
        "--repo",
        repository(tmp_path, RIGHT, WRONG, **{"ce/bad/prod.logic.yaml": bad}),
        "--format",
        "junit",
        "--coverage",
    )
    root = ElementTree.fromstring(ran.out)
    assert ("3", "1", "1") == tuple(root.attrib[name] for name in ("tests", "failures", "errors"))
    assert ["a", "b", "can be run"] == [case.attrib["name"] for case in root.iter("testcase")]
    assert 1 == len(list(root.iter("failure")))
    assert 1 == ran.code


def test_exit_codes(run: RunWriter, tmp_path: Path) -> None:
    root = repository(tmp_path, RIGHT)
    assert 0 == run("test", "--repo", root).code
    assert 0 == run("test", "--repo", root, "--coverage").code
    assert 1 == run("test", "--repo", root, "--fail-under", "100").code
    assert 1 == run("test", "--repo", repository(tmp_path, RIGHT, WRONG)).code
    write(root, {"ce/bad/prod.logic.yaml": logic({"EXTRACT": "none"})})
    assert 1 == run("test", "--repo", repository(tmp_path, RIGHT)).code
    assert 2 == run("test", "--repo", root, "ce/bad").code
    assert 2 == run("test", "--repo", root, "none").code
    assert 2 == run("test", "--repo", tmp_path / "none").code
    assert 0 == run("test", "--repo", root, "ce/policy").code


@pytest.mark.parametrize(
    "name",
    [
        KEY_POLICY,
        f"/ce/ca/aws/iam/{KEY_POLICY}",
        f"ce\\ca\\aws\\iam\\{KEY_POLICY}",
    ],
)
def test_a_logic_is_named_in_several_ways(run: RunWriter, name: str) -> None:
    document = json.loads(run("test", name, "--coverage", "--format", "json").out)
    assert [f"/ce/ca/aws/iam/{KEY_POLICY}/prod.logic.yaml"] == [one["logicId"] for one in document["coverage"]]


def test_what_no_test_reaches_is_named(run: RunWriter, tmp_path: Path) -> None:
    ran = run("test", "--repo", repository(tmp_path, RIGHT), "--coverage")
    assert "not reached /ce/policy/prod.logic.yaml 101  flag.isEmpty()" in ran.out
    assert "1 of 3 conditions and checks are reached by tests" in ran.out
    document = json.loads(run("test", "--repo", tmp_path, "--coverage", "--format", "json").out)
    assert [
        {"relationship": "", "index": 101, "text": "flag.isEmpty()"},
        {"relationship": "", "index": 200, "text": "otherwise"},
    ] == document["coverage"][0]["missed"]


@pytest.mark.usefixtures("small_library")
@pytest.mark.parametrize("arguments", [(), ("--coverage", "--format", "junit"), ("--format", "json", "--strict-errors")])
def test_the_repository_is_never_written_to(run: RunWriter, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    root = repository(tmp_path, RIGHT, WRONG, **{"ce/bad/prod.logic.yaml": logic({"EXTRACT": "none"})})
    library = open_repository(None).files.root
    before, of_library = digest(root), digest(library)
    assert 1 == run("test", "--repo", root, *arguments).code
    assert 0 == run("test", *arguments).code
    assert before == digest(root)
    assert of_library == digest(library)


def test_a_misspelt_type_is_told_before_a_pass_is_believed(run: RunWriter, tmp_path: Path) -> None:
    catalogue = json.dumps([{"apiName": "CA10__CaThings__c", "fields": []}])
    ran = run("test", "--repo", str(repository(tmp_path, RIGHT, **{"types/types.json": catalogue})))
    assert 0 == ran.code
    assert "warning[A312]: unknown object type `CA10__CaThing__c`" in ran.err
    assert "did you mean `CA10__CaThings__c`?" in ran.err


def test_further_logic_without_tests_is_counted(run: RunWriter, tmp_path: Path) -> None:
    files = {f"ce/acme/p/w{number}.logic.yaml": logic() for number in range(7)}
    shown = run("test", "--repo", str(write(tmp_path, policy_files(logic(), **files)))).out
    assert "without tests: 8 logic files: " in shown
    assert "and 3 more (--format json names all)" in " ".join(shown.split())
