"""What a policy's page shows of mending: the first of its own test objects that fails and tells all names, or places."""

from __future__ import annotations

from pathlib import Path

from perpend.authoring.testing.executions import run_executions
from perpend.authoring.testing.remediation import RemediationTest, find_remediation
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.syntax.repository import open_repository
from perpend.reports.formats.remediation import remedy_lines
from tests.repositories import write

LOGIC = "/ce/a/prod.logic.yaml"
KIND = {
    "label": "Bucket",
    "nameField": "CA10__name__c",
    "fields": [{"name": "Id", "type": "id", "label": "ID"}, {"name": "CA10__name__c", "type": "text", "label": "Name"}],
}
CHECK = {"status": "INCOMPLIANT", "currentStateMessage": "Off.", "remediationMessage": "On.", "check": {"BOOLEAN": True}}
PROGRAM = {
    "inputType": "CA10__CaAwsBucket__c",
    "testData": [{"file": "test-data.json"}],
    "conditions": [CHECK],
    "otherwise": {"status": "COMPLIANT", "currentStateMessage": "On."},
}
REMEDY = {
    "values": [{"name": "bucket", "field": "CA10__name__c", "kind": "s3-bucket"}],
    "before": [{"say": "Look."}],
    "steps": [{"say": "Mend it.", "run": ["aws", "s3api", "mend", "<bucket>"], "noUndo": "Why not."}],
}


def found(root: Path, **names: str | None) -> RemediationTest | None:
    """Return what would mend test objects of some names, by their Ids."""
    expected = {"status": "INCOMPLIANT", "conditionIndex": "199", "conditionText": "true", "runtimeError": None}
    data = [{"expectedResult": expected, "context": {}, "Id": one, "CA10__name__c": name} for one, name in names.items()]
    policy = {"names": {"full": "A", "contextual": "A"}, "type": "BEST_PRACTICE", "categories": ["SECURITY"]}
    files = {"types/CA10__CaAwsBucket__c/type.yaml": KIND, LOGIC[1:]: PROGRAM, "ce/a/policy.yaml": policy}
    write(root, {**files, "ce/a/test-data.json": data, "ce/a/remedy.yaml": REMEDY})
    analyzer = Analyzer(open_repository(root))
    return find_remediation(analyzer, "/ce/a", LOGIC, run_executions(analyzer, [LOGIC])[LOGIC])


def test_the_first_object_that_tells_its_names_is_mended(tmp_path: Path) -> None:
    mended = found(tmp_path, odd="x; touch owned", logs="logs", other="other")
    assert mended is not None and "logs" == mended.object_id
    assert "aws s3api mend logs\n" in "".join(remedy_lines(mended.remedy))


def test_where_no_object_tells_its_names_there_are_places_for_them(tmp_path: Path) -> None:
    mended = found(tmp_path, odd="x; touch owned", none=None)
    assert mended is not None and "" == mended.object_id
    assert "aws s3api mend '<bucket>'\n" in "".join(remedy_lines(mended.remedy))
