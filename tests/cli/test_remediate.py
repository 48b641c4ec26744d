"""``remediate``: plans for incompliant objects of a store, with their own names, and what is told where there can be none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import perpend
from perpend.findings.history.identity import finding_id
from tests.cli.conftest import RunWriter, done
from tests.repositories import write

pytestmark = pytest.mark.usefixtures("shared_database")

TYPE = "CA10__CaAwsBucket__c"
POLICY = "/ce/ca/aws/s3/bucket-versioning"
ALIVE: dict[str, Any] = {"CA10__disappearanceTime__c": None, "CA10__account__r": {"Id": "111122223333", "Name": "111122223333"}}
BUCKETS: list[dict[str, Any]] = [
    {"Id": "b1", "CA10__name__c": "logs", "CA10__versioningStatus__c": "Off"},
    {"Id": "b2", "CA10__name__c": "x; touch owned\n", "CA10__versioningStatus__c": "Off"},
    {"Id": "b3", "CA10__versioningStatus__c": "Suspended"},
    {"Id": "b4", "CA10__name__c": "fine", "CA10__versioningStatus__c": "Enabled"},
    {"Id": "b5", "CA10__name__c": "unknown", "CA10__versioningStatus__c": None},
]
PLAN = """
# AWS S3 Bucket logs (b1), account 111122223333
# found: The bucket does not keep former versions of its objects.
# before: The answer is 111122223333: the credentials at hand are those of the right account.
test "$(aws sts get-caller-identity --query Account --output text)" = 111122223333
# before: No lifecycle rule counts on versions being off; every version is paid for until a rule expires it.
#   aws s3api get-bucket-lifecycle-configuration --bucket logs
# step: Keep former versions of objects.
aws s3api put-bucket-versioning --bucket logs --versioning-configuration Status=Enabled
# undo: aws s3api put-bucket-versioning --bucket logs --versioning-configuration Status=Suspended
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of some buckets, judged once."""
    directory = tmp_path_factory.mktemp("buckets")
    path = directory / "buckets.json"
    path.write_text(json.dumps([{**ALIVE, **bucket} for bucket in BUCKETS]), "utf-8")
    done("import", path, "--type", TYPE, "--store", directory / "store")
    done("check", "-q", "--policy", POLICY, "--store", directory / "store", code=1)
    return directory / "store"


def finding_of(bucket: str) -> str:
    return finding_id(POLICY, TYPE, bucket)


def test_a_policy_gives_a_plan_for_each_object_that_it_finds(run: RunWriter, store: Path) -> None:
    ran = run("remediate", "bucket-versioning", "--store", store)
    assert 3 == ran.code
    assert "perpend: 3 objects to fix, 2 not filled in; 1 undetermined\n" == ran.err
    assert PLAN in ran.out
    assert "# not filled in: CA10__name__c is missing from the data: it was not collected\n" in ran.out
    assert "# not filled in: CA10__name__c holds `x; touch owned\\n`, with signs that cannot be seen\n" in ran.out


def test_a_finding_gives_the_plan_of_its_object(run: RunWriter, store: Path) -> None:
    ran = run("remediate", finding_of("b1"), "--store", store, "--format", "json")
    assert (0, "perpend: 1 object to fix\n") == (ran.code, ran.err)
    (plan,) = json.loads(ran.out)
    assert ("logs", "111122223333", True) == (plan["object"]["name"], plan["object"]["account"], plan["filledIn"])
    assert ["aws", "s3api", "put-bucket-versioning", "--bucket", "logs", "--versioning-configuration", "Status=Enabled"] == (
        plan["steps"][0]["run"]
    )
    assert {"bucket": "logs", "versioning_configuration.status": "Enabled"} == plan["terraform"][0]["set"]


def test_what_is_waived_is_left_out_unless_somebody_asks_for_it(run: RunWriter, store: Path, tmp_path: Path) -> None:
    waiver = {"id": "w", "policies": [POLICY], "kind": "accepted-risk", "reason": "R", "owner": "o", "until": "2999-01-01"}
    by = write(tmp_path / "waivers", {"a.yaml": {"waivers": [{**waiver, "limit": 1, "scope": {"names": ["logs"]}}]}})
    asked = ("remediate", "--store", store, "--waivers", by)
    ran = run(*asked, POLICY)
    assert PLAN not in ran.out
    assert "2 objects to fix, 2 not filled in; 1 waived left out (--with-waived includes them); 1 undetermined" in ran.err
    for words in ((POLICY, "--with-waived"), (finding_of("b1"),)):
        assert PLAN in run(*asked, *words).out
    assert PLAN in run("remediate", "--store", store, POLICY, "--no-waivers").out


def test_what_is_not_known_to_be_incompliant_is_told(run: RunWriter, store: Path) -> None:
    ran = run("remediate", finding_of("b5"), "--store", store, "--format", "json")
    assert (3, "[\n]\n") == (ran.code, ran.out)
    assert "perpend: unknown: undetermined, so not planned: Whether the bucket keeps versions" in ran.err


def test_a_finding_that_is_none_any_more_is_told(run: RunWriter, store: Path, tmp_path: Path) -> None:
    store = shutil.copytree(store, tmp_path / "store")
    bucket = {**ALIVE, **BUCKETS[0], "CA10__versioningStatus__c": "Enabled"}
    run("import", write(tmp_path, {"b.json": [bucket]}) / "b.json", "--type", TYPE, "--store", store)
    run("check", "-q", "--policy", POLICY, "--store", store)
    finding = finding_of("b1")
    ran = run("remediate", finding, "--store", store, "--format", "json")
    assert (0, "[\n]\n") == (ran.code, ran.out)
    assert f"perpend: b1: {POLICY} does not find it incompliant\nperpend: 0 objects to fix\n" == ran.err
    unknown = run("remediate", finding[::-1], "--store", store)
    assert 2 == unknown.code
    assert f"the history has no finding {finding[::-1]}" in unknown.err


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("terraform", 'resource "aws_s3_bucket_versioning" "mended_1" {\n'),
        ("markdown", "1. Keep former versions of objects\\.\n"),
    ],
)
def test_other_forms_say_the_same(run: RunWriter, store: Path, tmp_path: Path, form: str, start: str) -> None:
    out = tmp_path / "plan"
    assert 3 == run("remediate", POLICY, "--store", store, "--format", form, "--out", out).code
    assert start in out.read_text("utf-8")


def test_without_a_remedy_the_words_of_the_policy_are_shown_and_called_not_filled_in(
    run: RunWriter, store: Path, tmp_path: Path
) -> None:
    ran = run("remediate", POLICY, "--store", store, "--repo", copied(tmp_path, None))
    assert 3 == ran.code
    assert 3 == ran.out.count("# not filled in: no commands are prepared yet\n#   Switch `it` on.\n#   touch owned\n")
    assert "\naws" not in ran.out


def test_a_remedy_that_cannot_be_read_stops_everything(run: RunWriter, store: Path, tmp_path: Path) -> None:
    remedy = {
        "values": [{"name": "bucket", "field": "CA10__nam__c", "kind": "s3-bucket"}],
        "before": [{"say": "Look."}],
        "steps": [],
    }
    ran = run("remediate", POLICY, "--store", store, "--repo", copied(tmp_path, remedy))
    assert (2, "") == (ran.code, ran.out)
    assert "error[A230]: `CA10__CaAwsBucket__c` has no field `CA10__nam__c`" in ran.err
    assert f"perpend: {POLICY}: remedy.yaml has errors: no plan was made\n" in ran.err


def copied(root: Path, remedy: Any) -> Path:
    """Write a repository with the policy, and another remedy or none."""
    names = {"names": {"full": "A policy", "contextual": "Policy"}}
    library = Path(__file__).parents[2] / "src" / "perpend" / "library"
    folders = {f"{POLICY.rsplit('/', depth)[0]}/folder.yaml": names for depth in range(1, 5)}
    files: dict[str, Any] = {**folders, f"{POLICY}/policy.yaml": {**names, "description": "It."}}
    files[f"{POLICY}/prod.logic.yaml"] = (library / POLICY[1:] / "prod.logic.yaml").read_text("utf-8")
    files[f"{POLICY}/remediation.md"] = "Switch `it` on.\ntouch owned\n"
    files |= {f"{POLICY}/remedy.yaml": remedy} if remedy else {}
    return write(root / "repository", files)


def test_a_program_has_the_same_plans_and_hears_of_the_object_without_one(run: RunWriter, store: Path) -> None:
    with pytest.warns(perpend.PerpendWarning, match="^3 objects to fix, 2 not filled in; 1 undetermined$"):
        rows = perpend.open(store).remediate("bucket-versioning")
    assert 3 == len(rows)
    assert PLAN.partition("# before")[2].partition("# before")[2] in rows[0]["commands"]
    assert [(True, None), (False, "a name is not valid")] == [
        (row["filledIn"], row["notKnown"] and "a name is not valid") for row in rows[:2]
    ]
    documents = json.loads(run("remediate", "bucket-versioning", "--store", store, "--format", "json").out)
    assert ["; ".join(one["notKnown"]) or None for one in documents] == [row["notKnown"] for row in rows]
    with pytest.warns(perpend.PerpendWarning) as caught:
        assert [] == perpend.open(store).remediate(finding_of("b5"))
    assert "unknown: undetermined, so not planned" in str(caught[0].message)
