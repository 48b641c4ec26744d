"""The addresses of policies, frameworks and differences of runs."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from perpend.findings.filters import Filter

_FRAMEWORKS: Final = "/frameworks/"


def policy_address(policy_id: str) -> str:
    """Return the address of a policy's page.

    >>> policy_address("/ce/ca/aws/s3/bucket-public-read-access")
    '/policies/ce/ca/aws/s3/bucket-public-read-access'
    """
    return f"/policies/{_quoted(policy_id)}"


def framework_address(section_id: str, *, inherited: bool = False) -> str:
    """Return the address of a framework's page, or of a section's.

    >>> framework_address("/frameworks/cis-aws-v7.0.0", inherited=True)
    '/compliance/cis-aws-v7.0.0?inherited=yes'
    """
    return f"/compliance/{_quoted(section_id.removeprefix(_FRAMEWORKS))}{'?inherited=yes' if inherited else ''}"


def framework_named(path: str) -> str:
    """Return the name of the framework or of the section that the end of an address means."""
    name = path.strip("/")
    return f"{_FRAMEWORKS}{name}" if "/" in name else name


def changes_address(before: int, after: int) -> str:
    """Return the address of the difference of two runs."""
    return f"/runs/{before}...{after}"


def of_policy(policy_id: str) -> Filter:
    """Return the filter for the findings of a policy."""
    return Filter({"policy": (policy_id,)})


def _quoted(path: str) -> str:
    return quote(path.strip("/"), safe="/", errors="surrogatepass")
