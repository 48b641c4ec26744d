"""What the library shows of Terraform is Terraform: a parser of others reads every block of every remediation."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from lark.exceptions import LarkError

from perpend.language.syntax.repository import LIBRARY, Repository
from tests.hcl import read_hcl

pytestmark = pytest.mark.slow

BLOCK = re.compile(r"^```terraform\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PREFIXES: dict[str, str | tuple[str, ...]] = {"aws": "aws_", "azure": ("azurerm_", "azapi_", "azuread_"), "google": "google_"}
KINDS = {"data", "locals", "moved", "provider", "resource"}


def problems(text: str, prefix: str | tuple[str, ...]) -> Iterator[str]:
    for number, block in enumerate(BLOCK.findall(text), 1):
        try:
            found = read_hcl(block)
        except LarkError as error:
            yield f"block {number}: {error}"
            continue
        yield from (f"block {number}: {kind} is no kind of block" for kind in found.keys() - KINDS)
        types = [name for kind in ("resource", "data") for one in found.get(kind, ()) for name in one]
        yield from (f"block {number}: {name} is no resource of the cloud" for name in types if not name.startswith(prefix))


def test_every_terraform_block_of_the_library_is_one() -> None:
    library = Repository(LIBRARY)
    texts = {policy_id: library.text(f"{policy_id[1:]}/remediation.md") for policy_id in library.policy_ids}
    assert {} == {
        policy: found for policy, text in texts.items() if (found := list(problems(text, PREFIXES[policy.split("/")[3]])))
    }
    assert sum(len(BLOCK.findall(text)) for text in texts.values()) > 200
    assert not [
        policy
        for policy, text in texts.items()
        if len(re.findall(r"```(?:terraform|hcl|tf)\b", text)) != len(BLOCK.findall(text))
    ]
