"""References to files that lead out of the repository, to nothing, or to a file of another kind."""

from __future__ import annotations

import pytest

from tests.unit.language.syntax.written import LOGIC, checked, errors, logic, write

SECRET = "TOP-SECRET"  # noqa: S105 - no password


IMPORTS = {
    "out of the repository": ("../../../../../../etc/passwd", "L132"),
    "out of the repository from its root": ("/../../etc/passwd", "L132"),
    "just above the root": ("../../..", "L132"),
    "up, but inside": ("../../etc/passwd", "L133"),
    "absolute": ("/etc/passwd", "L133"),
    "a NUL": ("a\\0b", "L132"),
    "a directory": ("/ce/acme", "L133"),
    "the root": ("/", "L133"),
    "itself": (".", "L133"),
    "a home": ("~/.ssh/id_rsa", "L133"),
    "an address": ("file:///etc/passwd", "L133"),
    "100 KB": ("a" * 100_000, "L133"),
    "a line break": ("a\\nb", "L133"),
}


@pytest.mark.parametrize("key", ["importExtracts", "testData"])
@pytest.mark.parametrize(("reference", "code"), IMPORTS.values(), ids=IMPORTS.keys())
def test_a_reference_that_leads_astray_is_named_where_it_stands(tmp_path, key, reference, code):
    head = f'{key}: [{{file: "{reference}"}}]\n'
    root = write(tmp_path, {LOGIC: logic("FIELD: {path: public__c}", head=head)})
    found = checked(root)
    assert [(code, LOGIC, 2, len(key) + 11)] == errors(found)
    assert "root:" not in repr(found)


def test_an_import_that_is_no_extracts_file_is_named(tmp_path):
    head = "importExtracts: [{file: policy.yaml}]\n"
    found = checked(write(tmp_path, {LOGIC: logic("FIELD: {path: a__c}", head=head)}))
    assert [("L134", LOGIC, 2, 25)] == errors(found)
    assert "`/ce/acme/policy.yaml` is not a file of extracts" in [each.message for each in found]


def test_an_import_through_a_link_out_of_the_repository_reads_nothing(tmp_path):
    root, outside = write(tmp_path / "repository", {}), tmp_path / "outside.yaml"
    outside.write_text(f"{SECRET}: {SECRET}\n")
    (root / "types/Bucket").mkdir(parents=True)
    (root / "types/Bucket/secret.extracts.yaml").symlink_to(outside)
    head = "importExtracts: [{file: /types/Bucket/secret.extracts.yaml}]\n"
    found = checked(write(root, {LOGIC: logic("EXTRACT: secret", head=head)}))
    assert [("L133", LOGIC, 2, 25), ("L104", "types/Bucket/secret.extracts.yaml", 1, 1)] == errors(found)
    assert SECRET not in repr(found)


def test_a_missing_file_is_named_by_the_first_step_that_is_missing(tmp_path):
    head = "importExtracts: [{file: /types/Bucket/objects.extracts.yaml}, {file: /types/Basket/object.extracts.yaml}]\n"
    extracts = {"types/Bucket/object.extracts.yaml": "extracts: []\n"}
    found = checked(write(tmp_path, {LOGIC: logic("FIELD: {path: a__c}", head=head), **extracts}))
    assert [
        ("there is no file `/types/Bucket/objects.extracts.yaml`", "did you mean `/types/Bucket/object.extracts.yaml`?"),
        ("there is no directory `/types/Basket`", None),
    ] == [(each.message, each.help) for each in found if each.code == "L133"]
