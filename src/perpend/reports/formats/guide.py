"""Read the texts of a policy that help to fix its findings, for formats that can show them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import encodable
from perpend.core.diagnostics.phrases import shorten

if TYPE_CHECKING:
    from perpend.language.syntax.repository import Repository

_MOST: Final = 20_000
"""The largest number of characters of a text."""

_ADDRESS: Final = re.compile("https?://[A-Za-z0-9._~:/?#@!$&'*+,;=%()-]{1,2000}")
_LINK: Final = re.compile(r"\]\((https?://[^()\s]+)\)")
_REFERENCES: Final = "\n## References"


@dataclass(frozen=True, slots=True)
class PolicyGuide:
    """The description of a policy, its remediation in Markdown, and a page about it. Each is empty if there is none."""

    description: str = ""
    remediation: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class PolicyGuides:
    """The guides of a repository. ``site`` is the address of its published site, empty if there is none."""

    repository: Repository
    site: str = ""

    def of(self, policy_id: str) -> PolicyGuide:
        """Return the guide of a policy."""
        folder = policy_id[1:]
        if f"{folder}/policy.yaml" not in self.repository.tree.files:
            return PolicyGuide()
        policy = self.repository.policy(policy_id).value
        remediation = self.repository.text(f"{folder}/remediation.md")
        description = " ".join(policy.description.split()) if policy else ""
        return PolicyGuide(_cut(description), _cut(remediation), self._url(policy_id))

    def _url(self, policy_id: str) -> str:
        """Return the page of the policy on the site, else the first page that the policy refers to."""
        if _ADDRESS.fullmatch(self.site):
            return f"{self.site.rstrip('/')}{quote(policy_id, errors='surrogatepass')}/"
        policy = self.repository.policy(policy_id).value
        similar = (*policy.similar_security_hub, *policy.similar_trusted_advisor, *policy.similar_conformity) if policy else ()
        references = self.repository.text(f"{policy_id[1:]}/description.md").partition(_REFERENCES)[2]
        addresses = (*(link.url for link in similar), *_LINK.findall(references))
        return next((one for one in addresses if _ADDRESS.fullmatch(one)), "")


def _cut(text: str) -> str:
    return shorten(encodable(text), _MOST)
