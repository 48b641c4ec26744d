"""``explain``, ``list``, ``show``, ``rule``, ``schema`` and ``completion``."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from perpend.authoring.lint.check import RULES_BY_CODE
from perpend.authoring.mutation.score import SURVIVOR
from perpend.authoring.scaffold.table_shape import UNUSABLE as UNUSABLE_ROW
from perpend.cli.app import group
from perpend.findings.severity import rules as rating_rules
from perpend.findings.waivers import rules as waiver_rules
from perpend.inventory.importers import rules as intake_rules
from perpend.inventory.snapshots import rules as store_rules
from perpend.language.operations import OPERATIONS
from perpend.language.syntax.repository import LIBRARY
from tests.cli.conftest import EXAMPLE, KEY_POLICY, TIME, RunWriter
from tests.repositories import logic, policy_files, write

JUDGING = sum(1 for _ in LIBRARY.glob("ce/**/policy.yaml"))
IAM = sum(1 for _ in LIBRARY.glob("ce/ca/*/iam/*/policy.yaml"))


def files_of(pattern: str) -> int:
    """Return how many files of the library match."""
    return sum(1 for _ in LIBRARY.glob(pattern))


RULES = RULES_BY_CODE | {
    rule.code: rule
    for rule in (*intake_rules.RULES, *store_rules.RULES, SURVIVOR, UNUSABLE_ROW, *waiver_rules.RULES, *rating_rules.RULES)
}
ALMA = "arn:aws:iam::111122223333:user/alma.brekke"


def commands_below(found: click.Command, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield a command and all commands below it, with their words."""
    yield path, found
    if isinstance(found, click.Group):
        for name in found.list_commands(click.Context(found)):
            below = found.get_command(click.Context(found), name)
            assert below is not None
            yield from commands_below(below, *path, name)


def test_every_command_has_a_page_of_help_and_each_example_begins_a_line(run: RunWriter) -> None:
    """No text of help shows the mark ``\\b``, which keeps lines apart, instead of obeying it."""
    for path, found in commands_below(group):
        ran = run(*path, "--help")
        text = ran.out
        assert (0, "", True) == (ran.code, ran.err, text.startswith(" ".join(("Usage: perpend", *path)))), path
        assert not {"\\b", "\b"} & set(text.split()), path
        examples = [line.strip() for line in (found.epilog or "").splitlines() if re.match(r"  \S", line)]
        assert [] == [one for one in examples if f"\n    {one[:50]}" not in text], path


@pytest.mark.parametrize("name", ["alma.brekke", ALMA])
def test_explain_tells_values_and_their_places(run: RunWriter, name: str) -> None:
    ran = run("explain", KEY_POLICY, name, EXAMPLE, *TIME, "--format", "json")
    found = json.loads(ran.out)
    assert (0, "", "INCOMPLIANT", 199, 3) == (ran.code, ran.err, found["status"], found["conditionIndex"], found["row"])
    assert "2026-11-20T00:00:00Z" == found["snapshotTime"]
    values = {one["text"]: one for one in found["conditions"][1]["values"]}
    second = values["extract('credReportAccessKey2Active')"]
    assert '"true"' == second["value"]
    assert [("access_key_2_active", "credReportAccessKey2Active", EXAMPLE)] == [
        (place["column"], place["extract"], place["source"]) for place in second["places"]
    ]


@pytest.mark.parametrize(
    ("policy", "name", "reason"),
    [
        (
            KEY_POLICY,
            "alma.breke",
            "no object 'alma.breke' of type \"AWS IAM User\" among the inputs (did you mean 'alma.brekke'?)",
        ),
        ("*", "alma.brekke", f"names {JUDGING} policies"),
        ("none-such", "alma.brekke", "unknown policy 'none-such'"),
    ],
)
def test_explain_needs_one_policy_and_one_object(run: RunWriter, policy: str, name: str, reason: str) -> None:
    ran = run("explain", policy, name, EXAMPLE)
    assert (2, "") == (ran.code, ran.out)
    assert 1 == ran.err.count("\n")
    assert reason in ran.err


def test_explain_says_why_a_policy_cannot_be_used(run: RunWriter, tmp_path: Path) -> None:
    write(tmp_path, policy_files(logic({"EXTRACT": "none"}, input_type="CA10__CaAwsUser__c")))
    ran = run("explain", "policy", "alma.brekke", EXAMPLE, "--repo", tmp_path)
    assert (2, "") == (ran.code, ran.out)
    assert "/ce/policy cannot be used: unknown extract `none` (ce/policy/prod.logic.yaml:" in ran.err


def test_explain_tells_objects_of_one_name_apart_by_id(run: RunWriter, tmp_path: Path) -> None:
    rows = [f"twin,arn:aws:iam::{account}:user/twin,true,false" for account in ("111122223333", "444455556666")]
    report = tmp_path / "report.csv"
    report.write_text("\n".join(["user,arn,access_key_1_active,access_key_2_active", *rows]))
    ran = run("explain", KEY_POLICY, "twin", report)
    assert 2 == ran.code
    assert (
        "'twin' names 2 objects: arn:aws:iam::111122223333:user/twin, arn:aws:iam::444455556666:user/twin; name one by its id"
        in ran.err
    )


@pytest.mark.parametrize(
    ("what", "number", "name"),
    [
        ("policies", files_of("ce/**/policy.yaml"), f"/ce/ca/aws/iam/{KEY_POLICY}"),
        ("types", files_of("types/*/type.yaml"), "CA10__CaAwsUser__c"),
        ("frameworks", files_of("frameworks/*/section.yaml"), "/frameworks/cis-aws-v6.0.0"),
        ("operations", len(OPERATIONS), "IS_EQUAL"),
    ],
)
def test_list_tells_what_there_is(run: RunWriter, what: str, number: int, name: str) -> None:
    rows = json.loads(run("list", what, "--format", "json").out)
    assert number == len(rows)
    assert name in [row.get("id") or row["name"] for row in rows]
    assert name in run("list", what).out


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        (
            KEY_POLICY,
            ["AWS IAM User has more than one active access key", "/frameworks/cis-aws-v6.0.0/02/12", "dec-x-30795016", "199"],
        ),
        ("CA10__CaAwsUser__c", ["AWS IAM User", "CA10__userName__c", "credReportAccessKey1Active"]),
        ("/frameworks/cis-aws-v6.0.0/02/12", ["2.12", f"/ce/ca/aws/iam/{KEY_POLICY}"]),
        ("is_equal", ["Whether both sides are equal"]),
        ("AWS IAM User", ["CA10__CaAwsUser__c", "CA10__userName__c"]),
        ("cis-aws", ["CIS Amazon Web Services Foundations Benchmark v7.0.0", "/frameworks/cis-aws-v7.0.0/02"]),
        ("cis-aws/2.12", ["2.12", "/ce/ca/aws/iam/user-access-keys-are-not-rotated-every-90-days"]),
        ("[IAM.9]", ["/frameworks/aws-security-hub/iam/09"]),
    ],
)
def test_show_shows_policies_types_sections_and_operations(run: RunWriter, name: str, parts: list[str]) -> None:
    ran = run("show", name)
    assert (0, "") == (ran.code, ran.err)
    assert all(part in ran.out for part in parts), ran.out


@pytest.mark.parametrize(("number", "framework"), [("2.12", "cis-aws"), ("02/12", "/frameworks/cis-aws-v7.0.0")])
def test_show_shows_a_section_by_its_framework_and_number(run: RunWriter, number: str, framework: str) -> None:
    assert run("show", "/frameworks/cis-aws-v7.0.0/02/12") == run("show", number, "--framework", framework)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("2.99", "--framework", "cis-aws"), "unknown framework or section 'cis-aws-v7.0.0/2.99'"),
        (("AWS IAM Usr",), "no policy, type, section or operation 'AWS IAM Usr' (did you mean 'AWS IAM User'?)"),
        (("1.1.1.1",), "no policy, type, section or operation '1.1.1.1'"),
        (("2.1",), "'2.1' is the number of sections of cis-aws-v3.0.0, cis-aws-v4.0.0"),
        (("iam",), f"'iam' names {IAM} policies: "),
        (("a203",), "'a203' is a diagnostic's code: `perpend rule A203` explains it\n"),
    ],
)
def test_show_refuses_what_means_nothing_or_several(run: RunWriter, arguments: tuple[str, ...], reason: str) -> None:
    ran = run("show", *arguments)
    assert (2, "", 1) == (ran.code, ran.out, ran.err.count("\n"))
    assert reason in ran.err


def test_show_tells_what_a_policy_reads_and_no_check_that_cannot_fire(run: RunWriter) -> None:
    shown = run("show", KEY_POLICY, "--all").out
    columns = "access_key_1_active, access_key_2_active, additional_credentials_info"
    assert f"reads           CA10__credReportAttributesJson__c: {columns}\n" in shown
    assert 1 == shown.count("asJson().isInvalid()"), "the row is read by every extract, and fails at the first or not at all"
    assert "checks cannot fire" in shown
    folded = run("show", KEY_POLICY).out
    assert len(folded.splitlines()) < len(shown.splitlines())
    assert 1 == folded.count("is not text in the credential report row")
    assert "checks cannot fire" in folded


def test_a_type_without_a_label_is_named_once(run: RunWriter, tmp_path: Path) -> None:
    write(tmp_path, policy_files(logic(input_type="Acme__Thing__c")))
    assert "\nevaluates Acme__Thing__c\n" in run("show", "policy", "--repo", tmp_path).out
    assert "\nevaluates AWS IAM User (CA10__CaAwsUser__c)\n" in run("show", KEY_POLICY).out


def test_every_code_has_a_page(run: RunWriter) -> None:
    for code, rule in RULES.items():
        by_code, by_name = run("rule", code.lower()), run("rule", rule.name)
        assert by_code == by_name
        head, _, page = by_code.out.partition("\n")
        assert (0, "", f"{rule.severity.value}[{code}] {rule.name}") == (by_code.code, by_code.err, head)
        assert words(re.sub(r"^ *```\w*", "", rule.page, flags=re.MULTILINE)) == words(page) != [], code


def words(text: str) -> list[str]:
    """Return the words of a text, which are the same in Markdown and on a terminal."""
    return re.findall(r"\w+", text)


def test_codes_are_listed_and_unknown_ones_told(run: RunWriter) -> None:
    assert len(RULES) == len(run("rule", "--all").out.splitlines())
    ran = run("rule", "A999")
    assert (2, "") == (ran.code, ran.out)
    assert "perpend: unknown code 'A999'; `perpend rule --all` lists every code\n" == ran.err


def test_schemas_are_written_for_every_kind_of_file(run: RunWriter, tmp_path: Path) -> None:
    ran = run("schema", "--out", tmp_path / "deep" / "schema")
    written = [Path(line) for line in ran.out.splitlines()]
    assert (0, 10) == (ran.code, len(written))
    for path in written:
        assert json.loads(path.read_text("utf-8"))["$schema"].startswith("http://json-schema.org/draft-07")
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert 2 == run("schema", "--out", blocked / "schema").code


@pytest.mark.parametrize("command", [("list",), ("explain", KEY_POLICY, "alma.brekke", EXAMPLE), ("lint", "--repo", "mine")])
def test_every_output_can_go_to_a_private_file(
    run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "mine", policy_files(logic()))
    target = tmp_path / "out"
    ran = run(*command, "--out", target)
    assert ("", "") == (ran.out, ran.err)
    assert 0o600 == stat.S_IMODE(target.stat().st_mode)


def test_a_name_is_said_once_where_it_is_the_label_too(run: RunWriter, tmp_path: Path) -> None:
    content = {
        **policy_files(logic(input_type="Bucket")),
        "types/Bucket/type.yaml": {"apiName": "Bucket", "label": "Bucket", "fields": []},
    }
    root = str(write(tmp_path, content))
    assert "evaluates Bucket\n" in run("show", "/ce/policy", "--repo", root).out
    assert ["Bucket", "field"] == run("show", "Bucket", "--repo", root).out.split()[:2]


def test_an_operation_names_files_without_links_to_them(run: RunWriter) -> None:
    shown = [run("show", name).out for name in ("IS_EQUAL", "BETWEEN", "SET_FROM")]
    assert [] == [line for page in shown for line in page.splitlines() if "../" in line or ".md)" in line]
    assert shown[0].rstrip().endswith("Vectors: spec/ops/is-equal.yaml")
