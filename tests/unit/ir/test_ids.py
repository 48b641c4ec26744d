"""Ids of entities say what they are of."""

from __future__ import annotations

from perpend.ir.ids import is_production, production_of, type_of_extracts


def test_the_production_logic_of_a_policy() -> None:
    assert "/ce/acme/bucket/prod.logic.yaml" == production_of("/ce/acme/bucket")
    assert is_production(production_of("/ce/acme/bucket"))
    assert not is_production("/ce/acme/bucket/wip.logic.yaml")
    assert not is_production("/ce/acme/bucket/nonprod.logic.yaml")


def test_the_type_of_a_file_of_extracts() -> None:
    assert "Bucket" == type_of_extracts("/types/Bucket/deep/own.extracts.yaml")
