"""What OSCAL documents have in common: their head, properties of our own, observations by policy. Version 1.1.2.

Source: NIST, OSCAL. Its texts stand on one line, its identifiers are tokens, and there are two states of a control only.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from perpend.core.objects.status import Status
from perpend.reports.formats.exchange.text import one_line, uuid_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.reports.formats.exchange.finding import ReportedPolicy, ReportedRun

OSCAL: Final = "1.1.2"
"""The version that documents are written by."""

_NAMESPACE: Final = "urn:perpend:oscal"
_NO_TOKEN: Final = re.compile("[^A-Za-z0-9._-]")


def metadata(run: ReportedRun, title: str) -> dict[str, Any]:
    """Return the head of a document. Its time is that of the run: equal runs are equal documents."""
    return {"title": title, "last-modified": run.time, "version": run.day, "oscal-version": OSCAL}


def document_uuid(run: ReportedRun, kind: str) -> str:
    """Return the UUID of a document: that of its kind, time, policies and counts."""
    counts = (f"{status.value} {number}" for status, number in run.counts.items())
    return uuid_of(kind, run.time, *sorted(run.policies), *counts)


def props(values: Mapping[str, str | None]) -> list[dict[str, str]]:
    """Return properties in a namespace of our own: OSCAL allows only some values of those in its own."""
    return [{"name": name, "ns": _NAMESPACE, "value": one_line(value)} for name, value in values.items() if value]


def token(text: str) -> str:
    """Return an identifier as a token: letters, digits, dots, dashes and underscores, begun by a letter or underscore."""
    made = _NO_TOKEN.sub("_", text.removeprefix("/frameworks/").strip("/"))
    return made if made[:1].isalpha() else f"_{made}"


def observation_uuid(run: ReportedRun, policy_id: str) -> str:
    """Return the UUID of what was observed by a policy in a run."""
    return uuid_of("observation", run.time, policy_id)


def observation(run: ReportedRun, policy: ReportedPolicy, subjects: list[dict[str, str]]) -> dict[str, Any]:
    """Return what was observed by a policy: how many objects have each status; ``subjects`` are some of them."""
    counts = {status.value.lower(): str(policy.counts.get(status, 0)) for status in Status}
    rating = policy.rating
    rated = {"severity": rating.level.value, "rated-by": rating.source, "rated-because": rating.because} if rating else {}
    said = ", ".join(f"{policy.counts[status]:,} {status.value.lower()}" for status in Status if policy.counts.get(status))
    return {
        "uuid": observation_uuid(run, policy.id),
        "title": one_line(policy.title),
        "description": f"{said or 'no objects'}.",
        "props": props({"policy-id": policy.id, **counts, **rated}),
        "methods": ["TEST"],
        "types": ["finding" if policy.counts.get(Status.INCOMPLIANT) else "control-objective"],
        **({"subjects": subjects} if subjects else {}),
        "collected": run.time,
    }
