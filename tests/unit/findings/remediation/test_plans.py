"""What would mend an object has its own names in it, of files and of a store alike, or says why it has none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from perpend.core.clouds.aws import AWS
from perpend.core.objects.inventory import CloudObject, Inventory, Origin, Source, object_from_fields
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.evaluation import Evaluation
from perpend.evaluation.verdicts.selection import select_policies
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
from perpend.findings.remediation import plans as mending
from perpend.findings.remediation.model import Look, Remedy, RemedyStep, RemedyValue
from perpend.findings.remediation.name_kinds import NAME_KINDS
from perpend.findings.remediation.plans import (
    UNDECLARED,
    Remediable,
    RemediationPlan,
    remediation_plans,
    with_credentials,
)
from tests.reference import evaluate_objects
from tests.repositories import logic
from tests.unit.evaluation.verdicts.evaluate_objects import THING, analyzer
from tests.unit.inventory.snapshots.stored import write_store

ON = {"FIELD": {"path": "CA10__on__c"}}
OWNER = "CA10__CaOwner__c"
KIND: dict[str, Any] = {
    "label": "Thing",
    "fields": {
        "Id": {"type": "id", "label": "ID"},
        "CA10__on__c": {"type": "checkbox", "label": "On"},
        "CA10__bucket__c": {"type": "text", "label": "Bucket"},
    },
}
REMEDY = Remedy(
    (RemedyValue("bucket", "CA10__bucket__c", NAME_KINDS["s3-bucket"]),),
    (Look("Look."),),
    (RemedyStep("Do.", ("aws", "s3api", "do", "<bucket>")),),
)
THINGS = [
    {"Id": "a", "CA10__on__c": True, "CA10__bucket__c": "logs"},
    {"Id": "arn:aws:s3::111122223333:b", "CA10__on__c": True, "CA10__bucket__c": "odd name"},
    {"Id": "c", "CA10__on__c": False, "CA10__bucket__c": "fine"},
    {"Id": "d", "CA10__on__c": "odd", "CA10__bucket__c": "unknown"},
    {"Id": "arn:aws:s3::444455556666:e", "CA10__on__c": True, "CA10__bucket__c": "more"},
]
SECOND = {"ce/z/prod.logic.yaml": logic(ON), "ce/z/policy.yaml": {"names": {"full": "Z", "contextual": "Z"}}}


@pytest.fixture(scope="module", params=["files", "store"])
def judged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evaluation]:
    root = tmp_path_factory.mktemp("mending")
    found = analyzer(root / "repository", ON, files={**SECOND, f"types/{THING}/type.yaml": KIND})
    kind = found.object_type(THING)
    things = [object_from_fields(one, kind, Origin("a.json", row)) for row, one in enumerate(THINGS)]
    inventory = Inventory((Source("a.json", "test-data", None, len(things)),), {THING: things})
    if request.param == "files":
        yield evaluate_objects(inventory, select_policies(found))
    else:
        with evaluate_snapshot(
            write_store(root / "store", inventory, declared=found.object_type), select_policies(found)
        ) as made:
            yield made


def told(found: RemediationPlan) -> tuple[str, str, tuple[str, ...] | None, tuple[str, ...]]:
    run = found.remedy.steps[0].run if found.remedy else None
    return found.object.id, found.message, run, found.why_not


WHOLE = [
    ("a", "condition 1", ("aws", "s3api", "do", "logs"), ()),
    (
        "arn:aws:s3::111122223333:b",
        "condition 1",
        None,
        ("CA10__bucket__c holds a text that does not fit: `odd name` is no name of a bucket",),
    ),
    ("arn:aws:s3::444455556666:e", "condition 1", ("aws", "s3api", "do", "more"), ()),
]


def test_each_incompliant_object_is_mended_by_its_own_names(judged: Evaluation) -> None:
    found = list(remediation_plans(judged, {"/ce/policy": Remediable(REMEDY)}))
    assert WHOLE == list(map(told, found))
    assert {("/ce/policy", "Thing", "See the policy's remediation: perpend show /ce/policy")} == {
        (one.policy.id, one.type_label, one.guide) for one in found
    }
    assert ["", "111122223333", "444455556666"] == [one.account for one in found]
    unknown = "The answer is the account of the object, which is not known here"
    for one, answer in ((found[0], unknown), (found[2], "The answer is 444455556666")):
        assert one.remedy is not None
        assert (
            Look(f"{answer}: the credentials at hand are those of the right account.", AWS.credentials),
            Look("Look."),
        ) == one.remedy.before


def test_some_are_read_at_once_and_all_are_told(judged: Evaluation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mending, "BATCH", 2)
    assert WHOLE == list(map(told, remediation_plans(judged, {"/ce/policy": Remediable(REMEDY)})))


def test_objects_policies_and_statuses_that_nobody_asked_for_are_left_out(judged: Evaluation) -> None:
    asked = {"/ce/z": Remediable(REMEDY, {"a", "c", "nobody"}), "/ce/none": Remediable(REMEDY)}
    assert [("/ce/z", "a")] == [(one.policy.id, one.object.id) for one in remediation_plans(judged, asked)]
    assert ["c"] == [one.object.id for one in remediation_plans(judged, {"/ce/z": Remediable(REMEDY)}, Status.COMPLIANT)]
    [odd] = remediation_plans(judged, {"/ce/z": Remediable(None)}, Status.UNDETERMINED)
    assert ("d", "CA10__on__c holds the text 'odd', not Boolean", None, (UNDECLARED,)) == told(odd)
    assert "" == odd.guide, "nothing is to be mended where nothing is known"
    assert [] == list(remediation_plans(judged, {"/ce/z": Remediable(REMEDY)}, Status.INAPPLICABLE))


def test_sources_that_contradict_each_other_leave_open_what_would_mend(tmp_path: Path) -> None:
    found = analyzer(tmp_path, ON)
    first, other = (CloudObject(THING, "a", "a", "a", {**THINGS[0], "CA10__note__c": n}, Origin("a.json", n)) for n in (1, 2))
    inventory = Inventory((Source("a.json", "test-data", None, 2),), {THING: (first._replace(variants=(other,)),)})
    evaluation = evaluate_objects(inventory, select_policies(found))
    [one] = remediation_plans(evaluation, {"/ce/policy": Remediable(REMEDY)})
    assert (None, ("its sources contradict each other",)) == told(one)[2:]


def test_only_a_remedy_of_aws_alone_asks_whose_credentials_are_at_hand() -> None:
    step = RemedyStep("Do.", ("aws", "s3api", "do"), ("gsutil", "undo"))
    assert [Look("Look.")] == list(with_credentials(Remedy((), (Look("Look."),), (step,)), "1").before)
