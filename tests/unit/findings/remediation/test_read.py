"""A remedy is read whole and checked against the policy's own type, or a diagnostic stands in its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.authoring.lint.check import lint_repository
from perpend.findings.remediation.read import remedy_of, remedy_problems
from perpend.language.syntax.repository import Repository
from tests.repositories import NAMES, policy_files, write

TYPE = {
    "label": "Thing",
    "fields": [
        {"name": "Id", "type": "id"},
        {"name": "name__c", "type": "text"},
        {"name": "days__c", "type": "number"},
        {"name": "account__c", "type": "masterDetail"},
    ],
    "lookups": [{"name": "account__r", "target": "Account__c", "key": "account__c"}],
}
ACCOUNT = {"label": "Account", "fields": [{"name": "number__c", "type": "text"}]}
LOGIC = {"inputType": "Thing__c", "conditions": [], "otherwise": {"status": "COMPLIANT", "currentStateMessage": "Fine."}}
VALUES = [{"name": "thing", "field": "name__c", "kind": "aws-name"}]
STEP = {"say": "Mend it.", "run": ["aws", "things", "mend", "<thing>"], "noUndo": "It is new."}
WHOLE: dict[str, Any] = {"values": VALUES, "before": [{"say": "Look."}], "steps": [STEP]}


def repository(root: Path, remedy: Any, **files: Any) -> Repository:
    types = {"types/Thing__c/type.yaml": TYPE, "types/Account__c/type.yaml": ACCOUNT}
    return Repository(write(root, {**policy_files(LOGIC), **types, "ce/policy/remedy.yaml": remedy, **files}))


def test_a_remedy_is_read_with_its_kinds(tmp_path: Path) -> None:
    account = {"name": "account", "field": "account__r.number__c", "kind": "aws-account"}
    days = {"name": "days", "field": "days__c", "kind": "number"}
    step = {**STEP, "run": ["aws", "things", "mend", "<thing>", "--set", "Owner=<account>,Days=<days>"]}
    terraform = [{"type": "aws_thing", "set": {"name": "<thing>", "block.days": 7, "block.on": True}}]
    found = remedy_of(
        repository(tmp_path, {**WHOLE, "values": [*VALUES, account, days], "steps": [step], "terraform": terraform}),
        "/ce/policy",
    )
    assert () == found.diagnostics
    assert found.value is not None
    assert ["name__c", "account__r.number__c", "days__c"] == [value.path for value in found.value.values]
    assert ("aws", "things", "mend", "<thing>", "--set", "Owner=<account>,Days=<days>") == found.value.steps[0].run
    assert {"name": "<thing>", "block.days": 7, "block.on": True} == found.value.terraform[0].values


def value(**changes: str) -> dict[str, Any]:
    return {"values": [{**VALUES[0], **changes}]}


def step(**changes: Any) -> dict[str, Any]:
    return {"steps": [{key: found for key, found in {**STEP, **changes}.items() if found is not None}]}


def run(*words: str) -> dict[str, Any]:
    return step(run=list(words))


def settings(**values: Any) -> dict[str, Any]:
    return {"terraform": [{"type": "aws_thing", "set": values}]}


WRONG = [
    (value(field="nam__c"), "A230", "`Thing__c` has no field `nam__c`"),
    (value(field="acount__r.number__c"), "A230", "`Thing__c` has no lookup `acount__r`"),
    (value(field="account__r.numbr__c"), "A230", "`Account__c` has no field `numbr__c`"),
    (value(field="days__c"), "A230", "`days__c` holds Number, and the kind of name takes Text"),
    (value(kind="aws-nam"), "L123", "`aws-nam` is no kind of name"),
    (value(name="Thing"), "A231", "`Thing` is no name: small letters, digits and dashes"),
    (value(nme="thing"), "L120", "unknown key `nme` in `value`"),
    ({"values": [*VALUES, *VALUES]}, "A231", "`thing` is there twice"),
    ({"values": [*VALUES, {**VALUES[0], "name": "other"}]}, "A231", "no command has a place `<other>`"),
    (run("aws", "things", "<thing>", "<thng>"), "A231", "`values` has no `thng`"),
    (run("rm", "-rf", "<thing>"), "A232", "a command begins with one of `aws`, `az`, `gcloud`"),
    (run("<thing>", "s3"), "A232", "a command begins with one of `aws`, `az`, `gcloud`"),
    (run("aws", "--endpoint-url", "<thing>"), "A232", "`aws` is followed by a subcommand"),
    (run("aws", "things", "<thing>\u202e"), "A232", "a word is one line of signs that can be seen"),
    (run("aws", "things", "a\nb", "<thing>"), "A232", "a word is one line of signs that can be seen"),
    (run("aws", "things", "<thing> > x"), "A232", "`<thing> > x`: `<` and `>` stand around places only"),
    (run("aws", "things", *["<thing>"] * 60), "A232", "a command has at most 60 words"),
    (
        {**value(kind="iam-name"), **run("aws", "things", "Name=<thing>")},
        "A232",
        "`<thing>` has to be a word of its own: a name of IAM may hold signs that divide values",
    ),
    (step(noUndo=None), "A233", "the step has neither `undo` nor `noUndo`"),
    (step(undo=["aws", "things", "unmend", "<thing>"]), "A233", "the step has both `undo` and `noUndo`"),
    ({"noCommands": "No."}, "A233", "the remedy has both `noCommands` and `steps`"),
    ({"steps": []}, "L121", "`steps` holds nothing"),
    ({"steps": [STEP] * 21}, "L113", "`steps` has 21 entries; at most 20 are read"),
    (step(run="aws things mend <thing>"), "L122", "expected a list, found the text `aws things mend <thing>`"),
    (settings(**{"Block On": 1}), "A232", "`Block On` is no attribute"),
    (settings(**{"block": 1, "block.on": 1}), "A232", "`block` is an attribute and a block"),
    (settings(on=[1]), "L122", "`on` is a text, a number, `true` or `false`"),
    ({"terraform": [{"type": "aws thing", "set": {}}]}, "A232", "`aws thing` is no type of a resource"),
]


@pytest.mark.parametrize(("changes", "code", "message"), WRONG)
def test_what_is_wrong_is_told_and_nothing_is_read(tmp_path: Path, changes: Any, code: str, message: str) -> None:
    found = remedy_of(repository(tmp_path, {**WHOLE, **changes}), "/ce/policy")
    assert found.value is None
    assert (code, message) in [(one.code, one.message) for one in found.diagnostics]
    assert {"ce/policy/remedy.yaml"} == {one.span.path for one in found.diagnostics}


def test_a_misspelt_field_is_shown_with_its_place_and_the_nearest(tmp_path: Path) -> None:
    remedy = """
        values:
          - {name: thing, field: nme__c, kind: aws-name}
        before:
          - say: Look.
        steps:
          - {say: Mend it., run: [aws, things, mend, <thing>], noUndo: It is new.}
        """
    (problem,) = [one for one in lint_repository(repository(tmp_path, remedy)) if one.code == "A230"]
    assert (2, 26, "did you mean `name__c`?") == (problem.span.line, problem.span.column, problem.help)


def test_fields_of_a_type_that_nothing_declares_are_not_known(tmp_path: Path) -> None:
    files = policy_files({**LOGIC, "inputType": "Other__c"})
    assert () == remedy_of(Repository(write(tmp_path, {**files, "ce/policy/remedy.yaml": WHOLE})), "/ce/policy").diagnostics


def test_a_remedy_stands_beside_a_policy_that_judges(tmp_path: Path) -> None:
    idea = {"names": NAMES, "description": "An idea.", "impossible": True}
    files = {"ce/remedy.yaml": WHOLE, "ce/idea/policy.yaml": idea, "ce/idea/remedy.yaml": WHOLE}
    found = repository(tmp_path, WHOLE, **files)
    assert ["A234 ce/idea/remedy.yaml", "A234 ce/remedy.yaml"] == [
        f"{one.code} {one.span.path}" for one in remedy_problems(found)
    ]


def test_a_policy_without_a_remedy_has_none_and_nothing_is_wrong(tmp_path: Path) -> None:
    found = remedy_of(Repository(write(tmp_path, policy_files(LOGIC))), "/ce/policy")
    assert (None, ()) == (found.value, found.diagnostics)


DAYS = [{"name": "days", "description": "The age.", "type": "integer", "default": 90}]


def with_parameter(root: Path, remedy: Any, **files: Any) -> Repository:
    policy = {"names": NAMES, "description": "A thing is young.", "parameters": DAYS}
    return repository(root, {**WHOLE, **remedy}, **{"ce/policy/policy.yaml": policy, **files})


def test_a_remedy_has_the_values_of_parameters(tmp_path: Path) -> None:
    step = {"say": "Keep it {{days}} days.", "run": ["aws", "things", "mend", "<thing>", "{{ days }}"], "noUndo": "It is new."}
    terraform = [{"type": "aws_thing", "set": {"name": "<thing>", "days": "{{days}}", "text": "P{{days}}D"}}]
    read = with_parameter(tmp_path, {"steps": [step], "terraform": terraform})
    for root, days in ((read, 90), (read.with_parameters({"/ce/policy": {"days": 30}}), 30)):
        remedy = remedy_of(root, "/ce/policy").value
        assert remedy is not None
        assert ("aws", "things", "mend", "<thing>", str(days)) == remedy.steps[0].run
        assert f"Keep it {days} days." == remedy.steps[0].say
        assert {"name": "<thing>", "days": days, "text": f"P{days}D"} == remedy.terraform[0].values


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": [{**STEP, "say": "Keep it {{dys}} days."}]},
        {"steps": [{**STEP, "run": ["aws", "things", "mend", "<thing>", "{{dys}}"]}]},
        {"terraform": [{"type": "aws_thing", "set": {"name": "<thing>", "days": "{{dys}}"}}]},
        {"ce/policy/remediation.md": "Look.\n\nKeep it {{dys}} days.\n"},
        {"ce/policy/description.md": "Kept {{dys}} days.\n"},
    ],
)
def test_an_unknown_parameter_in_a_text_of_a_policy_is_an_error(tmp_path: Path, wrong: Any) -> None:
    files = {path: text for path, text in wrong.items() if "/" in path}
    read = with_parameter(tmp_path, {} if files else wrong, **files)
    (problem,) = [problem for problem in lint_repository(read) if problem.code == "L152"]
    assert ("unknown parameter `dys`", "did you mean `days`?") == (problem.message, problem.help)
    assert problem.span.line == (3 if "ce/policy/remediation.md" in files else problem.span.line)


def test_texts_of_a_policy_with_parameters_have_values_and_others_are_unchanged(tmp_path: Path) -> None:
    text = "Kept {{days}} days.\n"
    files = {"ce/policy/description.md": text, "ce/other/policy.yaml": {"names": NAMES, "description": "An idea."}}
    read = with_parameter(tmp_path, {}, **files, **{"ce/other/description.md": text, "ce/policy/more.txt": text})
    assert "Kept 90 days.\n" == read.text("ce/policy/description.md")
    assert "Kept 30 days.\n" == read.with_parameters({"/ce/policy": {"days": 30}}).text("ce/policy/description.md")
    assert text == read.text("ce/other/description.md") == read.text("ce/policy/more.txt")
    assert [] == [problem for problem in lint_repository(read) if problem.code == "L152"]
