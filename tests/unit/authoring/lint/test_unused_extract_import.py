"""Imports of extracts that nobody uses."""

from __future__ import annotations

from perpend.authoring.lint.check import lint_repository
from perpend.language.syntax.repository import Repository
from tests.repositories import logic, policy_files, write
from tests.unit.authoring.lint.linted import TYPE, field, messages

EXTRACTS = f"types/{TYPE}/object.extracts.yaml"
COMPLIANT = {"status": "COMPLIANT", "currentStateMessage": "m"}
IMPORTS = {"importExtracts": [{"file": f"/{EXTRACTS}"}]}


def extracts(**values):
    return {EXTRACTS: {"extracts": [{"name": name, "value": value} for name, value in values.items()]}}


DISKS = {"relationshipName": "disks__r", "conditions": [COMPLIANT | {"check": {"EXTRACT": "flag"}}], "otherwise": COMPLIANT}
FILES = extracts(flag=field("flag__c"))


def test_left_alone_where_a_related_list_below_uses_it(tmp_path):
    assert [] == messages(tmp_path, "A303", files=FILES, relatedLists=[DISKS], **IMPORTS)


def test_flagged_in_a_related_list_that_does_not_use_it(tmp_path):
    disks = DISKS | {"conditions": []} | IMPORTS
    assert 1 == len(messages(tmp_path, "A303", {"EXTRACT": "flag"}, files=FILES, relatedLists=[disks], **IMPORTS))


def test_flagged_where_only_another_extract_uses_it(tmp_path):
    other = f"types/{TYPE}/other.extracts.yaml"
    files = {**FILES, other: {"extracts": [{"name": "both", "value": {"EXTRACT": "flag"}}]}}
    imports = [{"file": f"/{path}"} for path in (EXTRACTS, other)]
    assert [f"no extract of `/{EXTRACTS}` is used here"] == messages(
        tmp_path, "A303", {"EXTRACT": "both"}, files=files, importExtracts=imports
    )


def test_left_alone_where_the_logic_has_errors(tmp_path):
    write(tmp_path, {**policy_files(logic({"EXTRACT": "flgg"}, **IMPORTS)), **FILES})
    assert ["A203", "A308"] == sorted(each.code for each in lint_repository(Repository(tmp_path)) if each.code != "A305")
