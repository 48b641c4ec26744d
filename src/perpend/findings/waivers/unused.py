"""Find out from a history why waivers cover nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.findings.history.queries.latest_verdicts import evaluated_objects
from perpend.findings.waivers.match_history import objects_in_scope, unused
from perpend.findings.waivers.warnings import EvaluatedScope

if TYPE_CHECKING:
    from perpend.findings.history.storage import HistoryStorage
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.inventory.snapshots.database import Connection


def looked_at(place: HistoryStorage, connection: Connection, covering: WaiverMatches) -> EvaluatedScope:
    """Return the policies of a history, and the number of objects in the scope of each waiver that covers nothing.

    Call it after ``covered_findings`` or ``match_history_findings``; the matches of waivers are replaced.
    """
    head, waivers = place.head(), unused(covering)
    retired = head.retired_in()
    asked = frozenset(policy.policy_id for policy in head.policies if policy.number not in retired)
    judged = evaluated_objects(place, {policy for waiver in waivers for policy in waiver.policies})
    return EvaluatedScope(asked, in_scope=objects_in_scope(connection, waivers, judged) if waivers else {})
