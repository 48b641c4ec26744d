"""What programs read, and the permissions that this takes."""

from __future__ import annotations

from perpend.reports.site.content.logic import Logics
from tests.sites import POLICY, book_of, equal, files, logic_document


def test_readings_name_fields_and_what_nobody_declares(book):
    readings = Logics(book).view(f"{POLICY}/prod.logic.yaml").readings
    assert [("open__c", "checkbox", "Open"), ("used__c", "", ""), ("kept__c", "", "")] == [
        (one.field, one.field_type, one.label) for one in readings
    ]


def test_permissions_come_from_the_texts_of_the_checks(tmp_path):
    found = files()
    check = equal("open__c", True)
    check["IS_EQUAL"]["left"]["FIELD"]["undeterminedIf"] = {
        "isEmpty": "Collect again; it takes s3:GetBucketAcl and nothing else."
    }
    found[f"{POLICY[1:]}/prod.logic.yaml"] = logic_document(
        conditions=[{"status": "COMPLIANT", "currentStateMessage": "m", "check": check}]
    )
    assert ("s3:GetBucketAcl",) == Logics(book_of(tmp_path, found)).view(f"{POLICY}/prod.logic.yaml").permissions
