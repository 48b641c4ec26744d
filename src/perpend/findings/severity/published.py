"""The severities that AWS publishes for the controls of Security Hub, by the policies of the library that name a control."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Final

from perpend.findings.severity.read import FOLDER
from perpend.language.syntax.repository import LIBRARY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perpend.language.syntax.repository import Repository

_FILE: Final = LIBRARY / FOLDER / "security-hub.csv"
_CONTROL: Final = re.compile(r"\[([A-Za-z0-9]+\.[0-9]+)\]")


def published_severities(repository: Repository, policy_ids: Iterable[str]) -> Mapping[str, Mapping[str, str]]:
    """Return the published severities of policies of the library: by policy, those of its controls of Security Hub."""
    if not repository.is_library:
        return {}
    severities = severities_of_controls()
    controls = {policy_id: controls_of(repository, policy_id) for policy_id in policy_ids}
    return {
        policy_id: {control: severities[control] for control in named if control in severities}
        for policy_id, named in controls.items()
    }


def severities_of_controls() -> dict[str, str]:
    """Return the published severity of each control of Security Hub that a policy of the library names."""
    with _FILE.open(encoding="ascii", newline="") as stream:
        return {row["control"]: row["severity"] for row in csv.DictReader(stream)}


def controls_of(repository: Repository, policy_id: str) -> tuple[str, ...]:
    """Return the controls of Security Hub that a policy names as similar, such as ``IAM.9``."""
    policy = repository.policy(policy_id).value
    similar = policy.similar_security_hub if policy is not None else ()
    matches = (_CONTROL.match(link.name or "") for link in similar)
    return tuple(dict.fromkeys(match[1] for match in matches if match))
