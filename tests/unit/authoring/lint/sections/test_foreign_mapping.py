"""Mappings to requirements of another service."""

from __future__ import annotations

import pytest

from tests.repositories import logic
from tests.unit.authoring.lint.linted import found

GUIDE = "https://docs.aws.amazon.com/securityhub/latest/userguide"
IAM, S3 = f"{GUIDE}/iam-controls.html#iam-9", f"{GUIDE}/s3-controls.html#s3-5"


@pytest.mark.parametrize(
    ("policy", "section", "expected"),
    [
        ([IAM], S3, ["the section is similar to a control of `s3`, the policy to controls of `iam`"]),
        ([IAM, S3], S3, []),
        ([IAM], IAM, []),
        (["https://example.com/iam"], S3, []),
    ],
)
def test_a_policy_and_a_section_speak_of_one_service(tmp_path, policy, section, expected):
    similar = {"similar": {"awsSecurityHub": {"controlUrl": section}}} if section else {}
    files = {
        "frameworks/cis/section.yaml": {"name": "CIS"},
        "frameworks/cis/01/section.yaml": {"name": "One", **similar},
        "ce/a/policy.yaml": {
            "names": {"full": "a", "contextual": "a"},
            "description": "a",
            "frameworkMappings": ["/frameworks/cis/01"],
            "similarPolicies": {"awsSecurityHub": [{"name": "x", "url": url} for url in policy]},
        },
    }
    assert expected == [each.message for each in found(tmp_path, "A318", logic(), files)]
