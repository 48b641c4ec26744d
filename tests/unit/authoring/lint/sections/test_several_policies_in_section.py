"""Sections for one policy that have several."""

from __future__ import annotations

from tests.repositories import logic
from tests.unit.authoring.lint.linted import TYPE, found

EXTRACTS = f"types/{TYPE}/object.extracts.yaml"


def extracts(**values):
    return {EXTRACTS: {"extracts": [{"name": name, "value": value} for name, value in values.items()]}}


def told(tmp_path, mappings, **section):
    files = {
        "frameworks/cis/section.yaml": {"name": "CIS", "singlePolicyOnly": True},
        "frameworks/cis/01/section.yaml": {"name": "One", **section},
    }
    for name, mapped in mappings.items():
        files[f"ce/{name}/policy.yaml"] = {
            "names": {"full": name, "contextual": name},
            "description": name,
            "frameworkMappings": mapped,
        }
    return [(each.span.path, each.message) for each in found(tmp_path, "A309", logic(), files)]


def test_the_second_policy_of_a_section_for_one_is_flagged(tmp_path):
    flags = told(tmp_path, {"a": ["/frameworks/cis/01"], "b": ["/frameworks/cis/01"]}, singlePolicyOnly=True)
    assert [("ce/b/policy.yaml", "the section allows only one policy, but `/ce/a` maps to it, too")] == flags


def test_one_policy_is_left_alone(tmp_path):
    assert [] == told(tmp_path, {"a": ["/frameworks/cis/01", "/frameworks/cis/01"]}, singlePolicyOnly=True)


def test_the_flag_of_a_section_above_says_nothing_of_those_below(tmp_path):
    assert [] == told(tmp_path, {"a": ["/frameworks/cis/01"], "b": ["/frameworks/cis/01"]})
