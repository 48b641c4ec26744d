"""Disappearance, policy documents that may be unusable, and filters compared by meaning."""

from __future__ import annotations

from dataclasses import replace

from perpend.core.schema.tables import Column, Form
from tests.unit.evaluation.planner.operations.planned import TABLES, TYPE, condition, ends, field

GONE = "CA10__disappearanceTime__c"


def test_an_object_has_disappeared_where_its_deletion_field_says_so() -> None:
    assert [] == ends({"IS_DISAPPEARED": {}}), "without the field none has"
    thing = TABLES.by_name[TYPE]
    known = replace(thing, columns={**thing.columns, GONE: Column(GONE, Form.TEXT)})
    tables = replace(TABLES, by_name={**TABLES.by_name, TYPE: known})
    *_, is_deleted = ends({"IS_DISAPPEARED": {}}, tables=tables)
    assert (f"not(is({GONE}, ''))", 99) == is_deleted, "then it is not judged at all"


def test_a_policy_document_that_is_none_is_not_known() -> None:
    check = {"policyExtField": "variant", "widestAcceptableAccessLevel": "SAME_ACCOUNT", "actions": ["s3:Get*"]}
    unusable, (allowed, _) = ends({"AWS_POLICY_ALLOWS": check})
    found = "part(access allowed(variant document(variant), (('s3:Get*',), 'SAME_ACCOUNT')), 0)"
    assert (f"same({found}, 'u')", -1) == unusable
    assert f"true(if(null(rest({found})), None as boolean, same(rest({found}), 'true')))" == allowed


def test_a_filter_is_compared_by_the_package() -> None:
    check = {"GCP_LOGGING_QUERY_MATCH": {"arg": field("text"), "value": "a=1"}}
    assert "true(logging match(text, 'a=1'))" == condition(check)
