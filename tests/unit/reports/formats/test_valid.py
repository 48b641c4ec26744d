"""Each format by its official schema or model: valid whatever names hold, seen to fail on broken copies, five statuses."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from perpend.core.diagnostics.escape import encodable
from perpend.core.objects.claims import Claim
from perpend.core.objects.inventory import CloudObject, Origin, Source
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.evaluation import Evaluation
from perpend.evaluation.verdicts.requirements import FrameworkSelection, Requirement, RequirementPolicy
from perpend.findings.severity.effective import ratings_in_force
from perpend.findings.severity.read import RatingFiles
from perpend.findings.severity.results import RatedEvaluation
from perpend.language.syntax.repository import Repository
from perpend.reports.formats.asff import write_asff
from perpend.reports.formats.finding import (
    CHANGED,
    CLOSED,
    SAME,
    FindingTimes,
    ReportedFinding,
    ReportedRun,
    findings_of,
    run_of,
)
from perpend.reports.formats.guide import PolicyGuides
from perpend.reports.formats.ocsf import write_ocsf
from perpend.reports.formats.ocsf_parquet import write_ocsf_parquet
from perpend.reports.formats.oscal import NothingOpen, write_oscal_poam, write_oscal_results
from perpend.reports.formats.sarif import write_sarif
from tests.schemas import asff_faults, faults
from tests.unit.findings.severity.made import rating
from tests.unit.reports.terminal.evaluations import EXTERNAL_ID, HOSTILE, THING, stored_evaluation, thing

ARN = "arn:aws:iam::111122223333:user/"
SPITEFUL = f"{HOSTILE}\n[a](javascript:1) {{0}} `x` @all <b> =1+1"
GONE = {"CA10__disappearanceTime__c": "2023-01-01T00:00:00Z"}
FRAMEWORK = "/frameworks/9 of \u202eus"
OPENED = 1_700_000_000_000


def owned(name: str, want: str, **more: Any) -> CloudObject:
    arn = f"{ARN}{name}"
    return thing(name, want, Id=arn, **{EXTERNAL_ID: arn}, **more)._replace(external_id=arn, id=arn)


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evaluation]:
    things = [owned(want, want) for want in ("good", "bad", "none", "odd")]
    things += [owned("gone", "gone", **GONE), owned(SPITEFUL, "bad"), owned(" " * 3, "odd")]
    asked = (RequirementPolicy("/ce/mood", True),)
    requirements = (
        Requirement(f"{FRAMEWORK}/1", "1", f"Be good {HOSTILE}", asked),
        Requirement(f"{FRAMEWORK}/2", "2", "Nobody asks", ()),
    )
    frameworks = (FrameworkSelection(FRAMEWORK, f"Nine {HOSTILE}", (), requirements),)
    with stored_evaluation(tmp_path_factory.mktemp("case"), *things, names={"mood": f"Mood {HOSTILE}"}) as found:
        yield replace(found, selection=replace(found.selection, frameworks=frameworks))


Lived = Callable[[ReportedFinding], ReportedFinding]


def as_it_is(finding: ReportedFinding) -> ReportedFinding:
    return finding


def long_lived(finding: ReportedFinding) -> ReportedFinding:
    """Return the finding with all that a history can know of it."""
    gone = finding.status is Status.DISAPPEARED
    change = CLOSED if gone else CHANGED if finding.status is Status.INCOMPLIANT else SAME
    life = FindingTimes(OPENED, change, "until 2026-12-31: \u202e\x1b", Status.INCOMPLIANT if gone else None)
    return replace(finding, life=life)


def written(evaluation: Evaluation, write: Callable[..., Any], life: Lived = as_it_is, **options: Any) -> str:
    stream = io.StringIO()
    run = run_of(evaluation)
    write(run, map(life, findings_of(evaluation, run, tuple(Status))), stream, **options)
    return stream.getvalue()


def ocsf(evaluation: Evaluation, life: Lived = as_it_is, version: str = "1.8.0") -> list[Any]:
    return [json.loads(line) for line in written(evaluation, write_ocsf, life, version=version).splitlines()]


def asff(evaluation: Evaluation, life: Lived = as_it_is) -> Any:
    return json.loads(written(evaluation, write_asff, life, unrated="high"))


def sarif(evaluation: Evaluation, life: Lived = as_it_is, *, github: bool = False) -> Any:
    return json.loads(written(evaluation, write_sarif, life, github=github))


def poam(evaluation: Evaluation, life: Lived = as_it_is) -> Any:
    return json.loads(written(evaluation, write_oscal_poam, life))


def results(evaluation: Evaluation) -> Any:
    stream = io.StringIO()
    write_oscal_results(evaluation, stream, limit=2)
    return json.loads(stream.getvalue())


def broken(document: Any, path: list[Any], value: Any) -> Any:
    """Return a copy with something else in one place, or with nothing there."""
    copied = copy.deepcopy(document)
    inner = copied
    for step in path[:-1]:
        inner = inner[step]
    if value is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return copied


@pytest.mark.parametrize("life", [as_it_is, long_lived])
def test_all_that_is_written_is_valid(evaluation: Evaluation, life: Lived) -> None:
    for version in ("1.5.0", "1.8.0"):
        events = ocsf(evaluation, life, version)
        assert 7 == len(events)
        assert [] == [fault for event in events for fault in faults(f"ocsf-compliance-finding-{version}", event)]
    assert [] == asff_faults(asff(evaluation, life))
    assert [] == faults("sarif-2.1.0", sarif(evaluation, life))
    assert [] == faults("sarif-2.1.0", sarif(evaluation, life, github=True))
    assert [] == faults("oscal-complete-1.1.2", poam(evaluation, life))
    assert [] == faults("oscal-complete-1.1.2", results(evaluation))


def test_broken_copies_are_not_valid(evaluation: Evaluation) -> None:
    event, findings, log = ocsf(evaluation)[0], asff(evaluation), sarif(evaluation)
    found, plan = results(evaluation), poam(evaluation)
    for version in ("1.5.0", "1.8.0"):
        for path, value in (
            (["compliance", "status_id"], 7),
            (["finding_info", "uid"], None),
            (["time"], "today"),
            (["compliance", "verdict"], "PASS"),
            (["cloud", "provider"], None),
        ):
            assert [] != faults(f"ocsf-compliance-finding-{version}", broken(event, path, value)), path
    for path, value in (
        (["Compliance", "Status"], "MAYBE"),
        (["FindingProviderFields", "Severity", "Label"], "AWFUL"),
        (["AwsAccountId"], None),
        (["RecordState"], "OPEN"),
        (["Resources"], "none"),
    ):
        assert [] != asff_faults(broken(findings, ["Findings", 0, *path], value)), path
    for path, value in ((["kind"], "unknown"), (["message"], None), (["suppressions"], [{"kind": "waived"}])):
        assert [] != faults("sarif-2.1.0", broken(log, ["runs", 0, "results", 0, *path], value)), path
    for path, value in (
        (["findings", 0, "target", "status", "state"], "unknown"),
        (["findings", 0, "target", "target-id"], "9 of us"),
        (["observations", 0, "uuid"], "7"),
        (["observations"], []),
        (["start"], None),
    ):
        assert [] != faults("oscal-complete-1.1.2", broken(found, ["assessment-results", "results", 0, *path], value)), path
    for path, value in (
        (["poam-items"], []),
        (["poam-items", 0, "title"], None),
        (["poam-items", 0, "props", 0, "value"], "a\nb"),
    ):
        assert [] != faults("oscal-complete-1.1.2", broken(plan, ["plan-of-action-and-milestones", *path], value)), path


def test_each_status_has_its_word_in_ocsf(evaluation: Evaluation) -> None:
    assert {
        "COMPLIANT": (3, 4, 1, "Pass", 1),
        "INCOMPLIANT": (1, 1, 3, "Fail", 0),
        "INAPPLICABLE": (3, 4, 99, "Not Applicable", 1),
        "UNDETERMINED": (1, 1, 2, "Warning", 0),
        "DISAPPEARED": (3, 5, 99, "Disappeared", 0),
    } == {
        one["compliance"]["status_code"]: (
            one["activity_id"],
            one["status_id"],
            one["compliance"]["status_id"],
            one["compliance"]["status"],
            one["severity_id"],
        )
        for one in ocsf(evaluation)
    }


def test_each_status_has_its_word_in_asff(evaluation: Evaluation) -> None:
    assert {
        "COMPLIANT": ("PASSED", "ACTIVE", "INFORMATIONAL", 0),
        "INCOMPLIANT": ("FAILED", "ACTIVE", "HIGH", 0),
        "INAPPLICABLE": ("NOT_AVAILABLE", "ACTIVE", "INFORMATIONAL", 0),
        "UNDETERMINED": ("WARNING", "ACTIVE", "HIGH", 1),
        "DISAPPEARED": ("NOT_AVAILABLE", "ARCHIVED", "INFORMATIONAL", 0),
    } == {
        one["ProductFields"]["perpend/status"]: (
            one["Compliance"]["Status"],
            one["RecordState"],
            one["FindingProviderFields"]["Severity"]["Label"],
            len(one["Compliance"].get("StatusReasons", [])),
        )
        for one in asff(evaluation)["Findings"]
    }


def test_each_status_has_its_word_in_sarif_and_in_a_plan_of_action(evaluation: Evaluation) -> None:
    assert {
        "COMPLIANT": ("pass", "none", None),
        "INCOMPLIANT": ("fail", "warning", None),
        "INAPPLICABLE": ("notApplicable", "none", None),
        "UNDETERMINED": ("open", "none", None),
        "DISAPPEARED": ("notApplicable", "none", "absent"),
    } == {
        one["properties"]["perpendStatus"]: (one["kind"], one["level"], one.get("baselineState"))
        for one in sarif(evaluation)["runs"][0]["results"]
    }
    items = poam(evaluation)["plan-of-action-and-milestones"]["poam-items"]
    assert ["INCOMPLIANT", "INCOMPLIANT", "UNDETERMINED", "UNDETERMINED"] == sorted(one["props"][0]["value"] for one in items)


def test_a_history_tells_what_became_of_a_finding(evaluation: Evaluation) -> None:
    events = {one["compliance"]["status_code"]: one for one in ocsf(evaluation, long_lived)}
    gone, bad = events["DISAPPEARED"], events["INCOMPLIANT"]
    assert (3, 5, 3) == (gone["activity_id"], gone["status_id"], gone["compliance"]["status_id"])
    assert (2, 3, OPENED) == (bad["activity_id"], bad["status_id"], bad["finding_info"]["created_time"])
    results = sarif(evaluation, long_lived)["runs"][0]["results"]
    failed = next(one for one in results if one["properties"]["perpendStatus"] == "INCOMPLIANT")
    assert ("updated", "accepted") == (failed["baselineState"], failed["suppressions"][0]["status"])


def test_a_requirement_that_fails_is_not_satisfied_and_one_not_asked_is_no_finding(evaluation: Evaluation) -> None:
    result = results(evaluation)["assessment-results"]["results"][0]
    assert [{"state": "not-satisfied", "reason": "fail"}] == [one["target"]["status"] for one in result["findings"]]
    (selection,) = result["reviewed-controls"]["control-selections"]
    assert ["_9_of__us_1"] == [one["control-id"] for one in selection["include-controls"]]
    assert ["_9_of__us_2"] == [one["control-id"] for one in selection["exclude-controls"]]


def test_what_is_not_known_is_never_satisfied(evaluate: Callable[..., Evaluation], tmp_path: Path) -> None:
    found = evaluate(tmp_path, owned("odd", "odd"), owned("good", "good"))
    requirement = Requirement("/frameworks/nine/1", "1", "Be good", (RequirementPolicy("/ce/mood", True),))
    asked = (FrameworkSelection("/frameworks/nine", "Nine", (), (requirement,)),)
    document = results(replace(found, selection=replace(found.selection, frameworks=asked)))
    (finding,) = document["assessment-results"]["results"][0]["findings"]
    assert {"state": "not-satisfied", "reason": "other"} == finding["target"]["status"]


def test_github_gets_what_is_undetermined_as_a_notification(evaluation: Evaluation) -> None:
    run = sarif(evaluation, github=True)["runs"][0]
    assert "open" not in {one["kind"] for one in run["results"]}
    (told,) = run["invocations"][0]["toolExecutionNotifications"]
    assert told["message"]["text"].endswith(": 2 undetermined")


def test_sarif_says_what_was_not_judged_and_how_much_of_a_framework_was_asked(evaluation: Evaluation) -> None:
    lacking = Source("aws", "aws", None, 1, coverage=(Claim(THING, lacking="denied {0} s3:ListAllMyBuckets"),))
    inventory = replace(evaluation.inventory, sources=(lacking,), unread=("gone.csv",))
    selection = replace(evaluation.selection, refused={f"/ce/{HOSTILE}": ()})
    document = sarif(replace(evaluation, inventory=inventory, selection=selection))
    run = document["runs"][0]
    told = run["invocations"][0]["toolExecutionNotifications"]
    assert [
        ("error", f"not evaluated: policies with errors: /ce/{encodable(HOSTILE)}"),
        ("error", "not evaluated: inputs that cannot be read: gone.csv"),
        (
            "error",
            "not evaluated: types with objects that cannot be read: Thing: denied {{0}} s3:ListAllMyBuckets",
        ),
    ] == [(one["level"], one["message"]["text"]) for one in told]
    (asked,) = run["properties"]["perpendFrameworks"]
    assert (FRAMEWORK, 2, 1) == (asked["id"], asked["requirements"], asked["asked"])
    assert asked["text"].startswith("1 of 2 requirements asked")
    assert [] == faults("sarif-2.1.0", document)
    assert "toolExecutionNotifications" not in sarif(evaluation)["runs"][0]["invocations"][0]


def test_a_rule_says_what_the_policy_is_about_and_how_to_remedy_it(evaluation: Evaluation, tmp_path: Path) -> None:
    (tmp_path / "ce/mood").mkdir(parents=True)
    (tmp_path / "ce/mood/policy.yaml").write_text('names: {full: Mood, contextual: Mood}\ndescription: "Be {0} [a](b) <b>"\n')
    (tmp_path / "ce/mood/remediation.md").write_text("Run `aws {1}`.\n")
    in_force = ratings_in_force(RatingFiles((rating("/ce/mood"),)), ["/ce/mood"])
    rated, stream = RatedEvaluation(in_force), io.StringIO()
    run = run_of(evaluation, rated)
    guides = PolicyGuides(Repository(tmp_path), "https://policies.example")
    write_sarif(run, findings_of(evaluation, run, tuple(Status), rated), stream, guides)
    document = json.loads(stream.getvalue())
    assert [] == faults("sarif-2.1.0", document)
    (rule,) = document["runs"][0]["tool"]["driver"]["rules"]
    assert {"text": "Be {0} [a](b) <b>"} == rule["fullDescription"]
    assert "https://policies.example/ce/mood/" == rule["helpUri"] and {"level": "error"} == rule["defaultConfiguration"]
    text, markdown = "Remediation\n\nRun `aws {1}`.\n\nperpend show /ce/mood", "Run `aws {1}`.\n\n`perpend show /ce/mood`"
    assert rule["help"] == {
        "text": f"Be {{0}} [a](b) <b>\n\n{text}",
        "markdown": f"Be {{0}} [a](b) <b>\n\n## Remediation\n\n{markdown}",
    }
    levels = {one["properties"]["perpendStatus"]: one["level"] for one in document["runs"][0]["results"]}
    assert ("error", "none") == (levels["INCOMPLIANT"], levels["UNDETERMINED"])
    (bare,) = sarif(evaluation)["runs"][0]["tool"]["driver"]["rules"]
    assert {"defaultConfiguration", "helpUri"}.isdisjoint(bare) and bare["shortDescription"] == bare["fullDescription"]


def test_asff_names_a_region_only_if_it_is_known_and_an_account_as_security_hub_does(
    evaluate: Callable[..., Evaluation], tmp_path: Path
) -> None:
    arn = "arn:aws:s3:eu-west-1:111122223333:b"
    things = [owned("ann", "bad"), thing("b", "bad", Id=arn)._replace(id=arn)]
    found = evaluate(tmp_path, *things, owned("account", "bad"))

    def of_account(finding: ReportedFinding) -> ReportedFinding:
        is_account = finding.subject.name == "account"
        return replace(finding, subject=replace(finding.subject, type_name="CA10__CaAwsAccount__c")) if is_account else finding

    ann, bucket, account = asff(found, of_account)["Findings"]
    assert ["Region" in one["Resources"][0] for one in (ann, bucket, account)] == [False, True, False]
    assert "eu-west-1" == bucket["Resources"][0]["Region"] == bucket["ProductArn"].split(":")[3]
    assert "us-east-1" == ann["ProductArn"].split(":")[3]
    assert ("AwsAccount", "AWS::::Account:111122223333") == (account["Resources"][0]["Type"], account["Resources"][0]["Id"])
    assert [] == asff_faults(asff(found))


def test_parquet_holds_what_lines_hold(evaluation: Evaluation, tmp_path: Path) -> None:
    run = run_of(evaluation)
    target = tmp_path / "events.parquet"
    write_ocsf_parquet(run, findings_of(evaluation, run, tuple(Status)), target)
    found = duckdb.connect().sql(f"SELECT to_json(t) FROM '{target}' t").fetchall()

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: filled(inner) for name, inner in value.items() if inner is not None}
        return [filled(one) for one in value] if isinstance(value, list) else value

    assert ocsf(evaluation) == [filled(json.loads(row)) for (row,) in found]
    assert 0o600 == target.stat().st_mode & 0o777


def test_a_finding_without_an_account_is_left_out_of_asff_and_counted(
    evaluate: Callable[..., Evaluation], tmp_path: Path
) -> None:
    azure = thing("cid", "bad", account="0b1f6471-1bf0-4dda-aec3-cb9272f09590")
    unknown = thing("ann", "bad")._replace(origin=Origin("others", 1))
    sources = [Source("things", "test-data", None, 2), Source("others", "test-data", None, 2, ("444455556666",))]
    evaluation = evaluate(tmp_path, unknown, owned("bob", "bad"), azure, sources=sources)
    run, stream = run_of(evaluation), io.StringIO()
    assert 2 == write_asff(run, findings_of(evaluation, run, (Status.INCOMPLIANT,)), stream, unrated="low")
    (only,) = json.loads(stream.getvalue())["Findings"]
    severity = only["FindingProviderFields"]["Severity"]
    assert ("111122223333", "LOW", "not rated (--unrated low)") == (
        only["AwsAccountId"],
        severity["Label"],
        severity["Original"],
    )


def test_equal_runs_are_equal_bytes_and_a_finding_has_one_id_everywhere(evaluation: Evaluation) -> None:
    assert written(evaluation, write_sarif) == written(evaluation, write_sarif)
    assert results(evaluation) == results(evaluation)
    uids = [one["finding_info"]["uid"] for one in ocsf(evaluation)]
    assert uids == [one["Id"].removeprefix("perpend/") for one in asff(evaluation)["Findings"]]
    assert uids == [one["partialFingerprints"]["perpendFinding/v1"] for one in sarif(evaluation)["runs"][0]["results"]]
    assert len(uids) == len(set(uids))


def test_a_plan_of_nothing_is_refused_before_a_byte_is_written(evaluate: Callable[..., Evaluation], tmp_path: Path) -> None:
    evaluation, stream = evaluate(tmp_path, owned("good", "good")), io.StringIO()
    run = run_of(evaluation)
    with pytest.raises(NothingOpen):
        write_oscal_poam(run, findings_of(evaluation, run, tuple(Status)), stream)
    assert "" == stream.getvalue()


@pytest.mark.parametrize(
    ("write", "options"), [(write_ocsf, {}), (write_asff, {"unrated": "low"}), (write_sarif, {}), (write_oscal_poam, {})]
)
def test_a_finding_is_written_before_the_next_one_is_asked_for(
    evaluation: Evaluation, write: Callable[..., Any], options: dict[str, Any]
) -> None:
    run, stream, sizes = run_of(evaluation), io.StringIO(), list[int]()

    def told(run: ReportedRun) -> Any:
        for one in findings_of(evaluation, run, (Status.INCOMPLIANT, Status.UNDETERMINED)):
            sizes.append(stream.tell())
            yield one

    write(run, told(run), stream, **options)
    assert 4 == len(sizes) == len(set(sizes))
