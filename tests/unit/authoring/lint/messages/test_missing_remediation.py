"""Faults without a remediation, and remediations without a fault."""

from __future__ import annotations

import pytest

from tests.repositories import logic
from tests.unit.authoring.lint.linted import TYPE, field, found

EXTRACTS = f"types/{TYPE}/object.extracts.yaml"
COMPLIANT = {"status": "COMPLIANT", "currentStateMessage": "m"}


def extracts(**values):
    return {EXTRACTS: {"extracts": [{"name": name, "value": value} for name, value in values.items()]}}


def outcomes(tmp_path, code, *, status, **more):
    document = logic(field("a__c"), statuses=[status])
    document["conditions"][0] |= more
    return [(each.span.line, each.message) for each in found(tmp_path, code, document)]


@pytest.mark.parametrize("more", [{}, {"remediationMessage": ""}, {"remediationMessage": "  "}])
def test_incompliant_without_remediation_is_flagged(tmp_path, more):
    (flag,) = outcomes(tmp_path, "A305", status="INCOMPLIANT", **more)
    assert (5, "INCOMPLIANT without `remediationMessage`: the next step is missing") == flag


@pytest.mark.parametrize("status", ["COMPLIANT", "UNDETERMINED", "INAPPLICABLE", "DISAPPEARED"])
def test_a_remediation_of_another_status_is_flagged(tmp_path, status):
    (flag,) = outcomes(tmp_path, "A306", status=status, remediationMessage="Mend it.")
    assert f"a remediation for {status}: this outcome reports no fault" == flag[1]


def test_otherwise_is_looked_at(tmp_path):
    assert 1 == len(found(tmp_path, "A305", logic(otherwise="INCOMPLIANT")))


def test_related_lists_need_no_remediation(tmp_path):
    disks = {"relationshipName": "disks__r", "conditions": [], "otherwise": COMPLIANT | {"status": "INCOMPLIANT"}}
    assert [] == found(tmp_path, "A305", logic(relatedLists=[disks]))
