"""The facts of one run that are not in the tables of its index. They fit into memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.core.objects.claims import FailedCall
    from perpend.findings.history.manifest import HistoryManifest
    from perpend.findings.waivers.match_history import MatchedWaivers


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """The facts of one run. ``account_names`` are by account, ``type_labels`` by type.

    ``ending_waivers`` are the ids of waivers in force that end soon. ``rated``: some policy is rated. ``matched`` are the
    waivers with the numbers of the findings that they cover.
    """

    head: HistoryManifest
    account_names: Mapping[str, str]
    type_labels: Mapping[str, str]
    ending_waivers: tuple[str, ...] = ()
    calls: tuple[FailedCall, ...] = ()
    rated: bool = True
    matched: MatchedWaivers | None = None
