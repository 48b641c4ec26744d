"""Findings in, an OSCAL plan of action and milestones out: an item for each that is open, streamed as they come.

What is undetermined is an item of its own kind: nobody knows that it is a weakness, and nobody knows that it is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.core.errors import PerpendError
from perpend.reports.formats.exchange.finding import OPEN
from perpend.reports.formats.exchange.oscal import document_uuid, metadata, observation, observation_uuid, props
from perpend.reports.formats.exchange.text import json_of, one_line, uuid_of, write_items

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TextIO

    from perpend.reports.formats.exchange.finding import ReportedFinding, ReportedRun


class NothingOpen(PerpendError):
    """A plan of action that would have no items: OSCAL has no such document."""


def write_oscal_poam(run: ReportedRun, findings: Iterable[ReportedFinding], stream: TextIO) -> None:
    """Write a plan with an observation for each policy and an item for each open finding.

    Raises NothingOpen, before anything is written, where nothing is open.
    """
    items = (_item(run, finding) for finding in findings if finding.status in OPEN and not finding.is_archived)
    first = next(items, None)
    if first is None:
        raise NothingOpen("nothing is open, and a plan of action (oscal-poam) has at least one item: nothing was written")
    head = {
        "uuid": document_uuid(run, "plan-of-action-and-milestones"),
        "metadata": metadata(run, f"Perpend: open findings of {run.day}"),
        "system-id": {"identifier-type": "http://ietf.org/rfc/rfc4122", "id": uuid_of("system", *sorted(run.policies))},
    }
    stream.write(f'{{"plan-of-action-and-milestones":{json_of(head)[:-1]},\n"observations":[')
    policies = [run.policies[name] for name in sorted(run.policies)]
    write_items(
        (observation(run, policy, []) for policy in policies if any(policy.counts.get(status) for status in OPEN)), stream
    )
    stream.write('\n],\n"poam-items":[')
    write_items(_joined(first, items), stream)
    stream.write("\n]}}\n")


def _joined(first: dict[str, Any], others: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield first
    yield from others


def _item(run: ReportedRun, finding: ReportedFinding) -> dict[str, Any]:
    subject = finding.subject
    return {
        "uuid": uuid_of("poam-item", finding.uid),
        "title": one_line(f"{finding.policy.title}: {subject.shown_name}"),
        "description": one_line(finding.message),
        "props": props(
            {
                "status": finding.status.value,
                "finding-id": finding.uid,
                "policy-id": finding.policy.id,
                "object-id": subject.id,
                "object-type": subject.type_name,
                "account": subject.account,
                "region": subject.region,
                "waiver": finding.life.waiver,
                "severity": finding.rating.level.value if finding.rating else None,
                "rated-by": finding.rating.source if finding.rating else None,
            }
        ),
        "related-observations": [{"observation-uuid": observation_uuid(run, finding.policy.id)}],
        **({"remarks": one_line(finding.remediation)} if finding.remediation else {}),
    }
