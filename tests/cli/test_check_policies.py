"""Which policies ``perpend check`` asks: by name, by framework, and what it says of those that cannot judge."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from tests.cli.conftest import EXAMPLE, TIME, Run, RunWriter

OTHER_TYPE = """inputType: CA10__CaAcmeThing__c
conditions: []
otherwise: {status: COMPLIANT, currentStateMessage: fine}
"""


def test_a_policy_named_by_itself_that_cannot_judge_is_no_silence(run: RunWriter, tmp_path: Path) -> None:
    for name, kind in (("users", "CA10__CaAwsUser__c"), ("things", "CA10__CaAcmeThing__c"), ("ideas", None)):
        policy = tmp_path / "ce" / name
        policy.mkdir(parents=True)
        (policy / "policy.yaml").write_text("names: {full: F, contextual: C}\ndescription: d\n")
        if kind:
            (policy / "prod.logic.yaml").write_text(OTHER_TYPE.replace("CA10__CaAcmeThing__c", kind))
    check = ("check", EXAMPLE, "--repo", tmp_path, "--policy", "users")
    assert 0 == run(*check).code
    for name, reason in (("things", 'applies to "CA10__CaAcmeThing__c"'), ("ideas", "has no prod.logic.yaml")):
        ran = run(*check, "--policy", name)
        assert (2, "") == (ran.code, ran.out)
        assert reason in ran.err
    assert 0 == run("check", EXAMPLE, "--repo", tmp_path, "--policy", "*s").code


def test_a_broken_descriptor_does_not_take_a_policy_out_of_its_framework(run: RunWriter, tmp_path: Path) -> None:
    for path in ("frameworks/f", "ce/users"):
        (tmp_path / path).mkdir(parents=True)
    (tmp_path / "frameworks/f/section.yaml").write_text("name: F\n")
    (tmp_path / "ce/users/prod.logic.yaml").write_text(OTHER_TYPE.replace("CA10__CaAcmeThing__c", "CA10__CaAwsUser__c"))
    descriptor = tmp_path / "ce/users/policy.yaml"
    for text, code in (
        ("names: {full: F, contextual: C}\ndescription: d\nframeworkMappings: [/frameworks/f]\n", 0),
        ("names: {full: F, contextual: C}\ndescription: d\n", 2),
        ("names: {full: F, contextual: C}\ndescription: d\nframeworkMapings: [/frameworks/f]\n", 0),
        ("names: [", 0),
    ):
        descriptor.write_text(text)
        ran = run("check", EXAMPLE, "--repo", tmp_path, "--framework", "f", "--format", "json")
        assert code == ran.code, text
        assert ran.out == "" if code else json.loads(ran.out)["ledger"]["verdicts"] == 25


def test_inherited_mappings_are_taken_only_where_asked_for(run: RunWriter, tmp_path: Path) -> None:
    for path in ("frameworks/f", "frameworks/g", "ce/users"):
        (tmp_path / path).mkdir(parents=True)
    (tmp_path / "frameworks/f/section.yaml").write_text("name: F\n")
    (tmp_path / "frameworks/g/section.yaml").write_text("name: G\nsimilar: {sections: [/frameworks/f]}\n")
    (tmp_path / "ce/users/prod.logic.yaml").write_text(OTHER_TYPE.replace("CA10__CaAcmeThing__c", "CA10__CaAwsUser__c"))
    (tmp_path / "ce/users/policy.yaml").write_text(
        "names: {full: F, contextual: C}\ndescription: d\nframeworkMappings: [/frameworks/f]\n"
    )
    assert (0, 2) == tuple(run("check", EXAMPLE, "--repo", tmp_path, "--framework", name).code for name in "fg")
    assert 0 == run("check", EXAMPLE, "--repo", tmp_path, "--framework", "g", "--inherited").code
    (tmp_path / "ce/things").mkdir()
    (tmp_path / "ce/things/prod.logic.yaml").write_text(OTHER_TYPE)
    (tmp_path / "ce/things/policy.yaml").write_text(
        "names: {full: T, contextual: C}\ndescription: d\nframeworkMappings: [/frameworks/g]\n"
    )
    refused = run("check", EXAMPLE, "--repo", tmp_path, "--framework", "g")
    assert (2, 0) == (refused.code, run("check", EXAMPLE, "--repo", tmp_path, "--framework", "f").code)
    assert refused.err.endswith("; --inherited includes 1 that map to it through rules or similar sections\n")
    assert 0 == run("check", EXAMPLE, "--repo", tmp_path, "--framework", "g", "--inherited").code
    assert "--inherited goes with --framework" in run("check", EXAMPLE, "--inherited").err


NEED_CHILDREN = {"/ce/ca/aws/account/security-hub", "/ce/ca/aws/iam/delete-user-inline-or-directly-attached-policies"}


def asked(ran: Run) -> set[str]:
    """Return the policies that gave a verdict, which are never among those set aside."""
    document = json.loads(ran.out)
    found = {one["policyId"] for one in document["verdicts"]}
    assert found.isdisjoint(document["setAside"])
    return found


def test_policies_over_child_objects_are_set_aside_where_all_inputs_are_credential_reports(
    run: RunWriter, tmp_path: Path
) -> None:
    answer = {"Content": base64.b64encode(Path(EXAMPLE).read_bytes()).decode()}
    (tmp_path / "answer.json").write_text(json.dumps(answer))
    for inputs in ([tmp_path / "answer.json"], [EXAMPLE, tmp_path / "answer.json"]):
        ran = run("check", *inputs, *TIME, "--format", "json")
        aside = json.loads(ran.out)["setAside"]
        assert sorted(aside) == aside
        assert NEED_CHILDREN <= set(aside)
        assert 7 == len(asked(ran))
    told = f"  {len(aside)} policies skipped: these inputs lack the data that they need; --policy names one\n"
    assert told in run("check", EXAMPLE, *TIME, "--details").out
    assert f"; {len(aside)} need data that these inputs do not list\n" in run("check", EXAMPLE, *TIME).out


def test_a_policy_over_child_objects_is_asked_when_named(run: RunWriter) -> None:
    names = [one for policy in sorted(NEED_CHILDREN) for one in ("--policy", policy)]
    ran = run("check", EXAMPLE, *TIME, *names, "--format", "json")
    assert (3, [], NEED_CHILDREN) == (ran.code, json.loads(ran.out)["setAside"], asked(ran))
    assert "not asked" not in run("check", EXAMPLE, *TIME, *names).out
    ran = run("check", EXAMPLE, *TIME, "--policy", "security-hub", "--policy", "*inline*", "--format", "json")
    assert {"/ce/ca/aws/account/security-hub"} == asked(ran), "a glob names no policy by itself"


def test_policies_over_child_objects_are_asked_when_another_kind_of_input_is_there(run: RunWriter, tmp_path: Path) -> None:
    type_name = "CA10__CaAwsAccount__c"
    (tmp_path / "objects.json").write_text('[{"Id": "another"}]')
    ran = run("check", EXAMPLE, tmp_path / "objects.json", "--type", type_name, *TIME, "--format", "json")
    alone = run("check", EXAMPLE, *TIME, "--format", "json")
    asked_or_not = len(asked(alone)) + len(json.loads(alone.out)["setAside"])
    assert (1, [], asked_or_not) == (ran.code, json.loads(ran.out)["setAside"], len(asked(ran)))
    assert "not asked" not in run("check", EXAMPLE, tmp_path / "objects.json", "--type", type_name, *TIME).out
