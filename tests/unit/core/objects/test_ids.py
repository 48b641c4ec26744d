"""Ids of entities say what they are of."""

from __future__ import annotations

from perpend.core.objects.ids import framework_of, is_production, production_of, service_of, type_of_extracts


def test_the_production_logic_of_a_policy() -> None:
    assert "/ce/acme/bucket/prod.logic.yaml" == production_of("/ce/acme/bucket")
    assert is_production(production_of("/ce/acme/bucket"))
    assert not is_production("/ce/acme/bucket/wip.logic.yaml")
    assert not is_production("/ce/acme/bucket/nonprod.logic.yaml")


def test_the_type_of_a_file_of_extracts() -> None:
    assert "Bucket" == type_of_extracts("/types/Bucket/deep/own.extracts.yaml")


def test_the_framework_of_a_section_or_of_itself() -> None:
    assert "/frameworks/cis-aws" == framework_of("/frameworks/cis-aws/01/02") == framework_of("/frameworks/cis-aws")


def test_the_service_of_a_policy_is_the_fourth_folder_or_the_one_that_holds_it() -> None:
    assert "/ce/ca/aws/iam" == service_of("/ce/ca/aws/iam/users/mfa") == service_of("/ce/ca/aws/iam/mfa")
    assert "/ce/acme" == service_of("/ce/acme/mfa")
