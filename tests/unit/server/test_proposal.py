"""The form for a new waiver is one of the configured repository at GitHub or GitLab, and of nothing else."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from perpend.core.errors import InvalidOption
from perpend.server.proposal import new_file_address

PATH, TEXT = "waivers/a b.yaml", "waivers:\n  - id: a&b#c\n"
GITHUB, GITLAB = {"filename": [PATH], "value": [TEXT]}, {"file_name": [PATH]}


@pytest.mark.parametrize(
    ("repository", "form", "values"),
    [
        ("https://github.com/acme/policies", "https://github.com/acme/policies/new/main", GITHUB),
        ("https://github.com/acme/policies.git", "https://github.com/acme/policies/new/main", GITHUB),
        ("https://github.com/acme/policies/tree/team/live", "https://github.com/acme/policies/new/team/live", GITHUB),
        ("https://git.acme.example:8443/acme/policies/", "https://git.acme.example:8443/acme/policies/new/main", GITHUB),
        ("https://gitlab.com/acme/cloud/policies", "https://gitlab.com/acme/cloud/policies/-/new/main", GITLAB),
        ("https://git.acme.example/a/b/-/tree/live", "https://git.acme.example/a/b/-/new/live", GITLAB),
    ],
)
def test_the_form_of_each_forge_is_filled_in(repository: str, form: str, values: dict[str, list[str]]) -> None:
    address = urlsplit(new_file_address(repository, PATH, TEXT))
    assert form == f"{address.scheme}://{address.netloc}{address.path}" and not address.fragment
    assert values == parse_qs(address.query)


@pytest.mark.parametrize(
    "repository",
    [
        "",
        "http://github.com/a/b",
        "https://github.com/a",
        "javascript:alert(1)",
        "https://user@github.com/a/b",
        "https://x/a/b?c=d",
    ],
)
def test_any_other_address_is_refused(repository: str) -> None:
    with pytest.raises(InvalidOption, match="is not the address of a repository"):
        new_file_address(repository, PATH, TEXT)
