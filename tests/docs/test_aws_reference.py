"""The pages of what is collected from clouds, of what plans give, and of faults that are planted there."""

from __future__ import annotations

from pathlib import Path

from tests.docs import (
    aws_reference,
    azure_reference,
    google_reference,
    planted_azure_reference,
    planted_google_reference,
    planted_reference,
    terraform_reference,
)

REFERENCE = Path(__file__).parents[2] / "docs/reference"


def test_the_pages_are_up_to_date() -> None:
    assert (REFERENCE / "aws.md").read_text("utf-8") == aws_reference.page(), "run `make reference`"
    assert (REFERENCE / "azure.md").read_text("utf-8") == azure_reference.page(), "run `make reference`"
    assert (REFERENCE / "google.md").read_text("utf-8") == google_reference.page(), "run `make reference`"
    assert (REFERENCE / "terraform.md").read_text("utf-8") == terraform_reference.page(), "run `make reference`"
    assert (REFERENCE / "planted.md").read_text("utf-8") == planted_reference.page(), "run `make reference`"
    assert (REFERENCE / "planted-azure.md").read_text("utf-8") == planted_azure_reference.page(), "run `make reference`"
    assert (REFERENCE / "planted-google.md").read_text("utf-8") == planted_google_reference.page(), "run `make reference`"
