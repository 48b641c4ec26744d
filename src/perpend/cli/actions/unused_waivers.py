"""A store's history in, what it has seen of the policies that waivers and attestations name out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.cli.options.history.record import place_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.core.objects.status import Status
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.findings.waivers.warnings import Looked
    from perpend.inventory.snapshots.database import Connection


def counts_in(directory: str | None) -> Mapping[str, Mapping[Status, int]]:
    """Return the newest counts of the policies that a store's history knows, nothing where no store is named."""
    from perpend.cli.options.history.compliance import counts_known

    return counts_known(place_of(directory)) if directory is not None else {}


def looked_at(directory: str, connection: Connection, covering: WaiverMatches) -> Looked:
    """Return what a store's history knows of the waivers that cover nothing, after ``covered_findings``."""
    from perpend.findings.history.queries.latest_verdicts import evaluated_objects
    from perpend.findings.waivers.match_history import objects_in_scope, unused
    from perpend.findings.waivers.warnings import Looked

    place = place_of(directory)
    head, waivers = place.head(), unused(covering)
    retired = head.retired_in()
    asked = frozenset(policy.policy_id for policy in head.policies if policy.number not in retired)
    judged = evaluated_objects(place, {policy for waiver in waivers for policy in waiver.policies})
    return Looked(asked, in_scope=objects_in_scope(connection, waivers, judged) if waivers else {})
