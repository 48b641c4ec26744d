"""Find out from a history why waivers cover nothing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from perpend.findings.history.queries.latest_verdicts import evaluated_objects
from perpend.findings.waivers.matches import objects_in_scope
from perpend.findings.waivers.warnings import EvaluatedScope

if TYPE_CHECKING:
    from perpend.findings.history.storage import HistoryStorage
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.inventory.snapshots.database import Connection


def looked_at(place: HistoryStorage, connection: Connection, covering: WaiverMatches) -> EvaluatedScope:
    """Return the policies of a history, and the number of objects in the scope of each waiver that covers nothing.

    Call it after the waivers were matched; the matches are replaced.
    """
    head = place.head()
    retired = head.retired_in()
    asked = frozenset(policy.policy_id for policy in head.policies if policy.number not in retired)
    return EvaluatedScope(asked, in_scope=objects_in_scope(connection, partial(evaluated_objects, place), covering))
