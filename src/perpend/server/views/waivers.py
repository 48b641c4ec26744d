"""The waivers and attestations on the day of a run, with the numbers of the findings that they cover."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from perpend.findings.history.compliance import newest_counts_of
from perpend.findings.waivers import rules
from perpend.findings.waivers.attestations import attested_on
from perpend.findings.waivers.warnings import waiver_warnings
from perpend.server.answers import AttestationRow, WaiverList, WaiverRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perpend.core.diagnostics.model import Diagnostic, Span
    from perpend.findings.waivers.attestations import Attested
    from perpend.findings.waivers.status import WaiverStatus
    from perpend.server.scope import ReaderScope
    from perpend.server.views.run_state import RunState

WARNINGS: Final = {
    rules.EXPIRED.code: "ended",
    rules.ENDS_SOON.code: "ends soon",
    rules.NOT_APPROVED.code: "not approved",
    rules.OVERBROAD.code: "too broad",
    rules.UNUSED.code: "unused",
    rules.OVERLAPPING.code: "overlapping",
    rules.OTHER_VALUES.code: "other values",
}
"""The kind of each warning about waivers, by the code of its rule."""


def waiver_list(state: RunState, scope: ReaderScope) -> WaiverList:
    """Return the waivers, those that end first first, and the attestations."""
    matched, files = state.matched_waivers, state.waivers.files
    covers: Counter[str] = Counter()
    waives: Counter[str] = Counter()
    for waiver, account, number in matched.covers:
        covers[waiver] += number if scope.sees(account) else 0
    for waiver, _, _, account, number in matched.waives:
        waives[waiver] += number if scope.sees(account) else 0
    counts = newest_counts_of(state.history) if files.attestations else {}
    attested = attested_on(files, matched.matches.day, state.repository, counts)
    values_of = state.repository.values
    warned = waiver_warnings(matched.matches, files.approvers, matched.evaluated, values_of) if scope.is_all else ()
    warnings, matches = _by_kind(warned), matched.matches
    rows = (
        _row(waiver_status, covers[waiver_status.waiver.id], waives[waiver_status.waiver.id], warnings)
        for waiver_status in matches.waiver_statuses
    )
    return WaiverList(
        state.run.number,
        matches.day.day.isoformat(),
        matches.day.last.isoformat(),
        tuple(row for row in rows if scope.is_all or row.covers),
        tuple(map(_attestation_row, attested)),
        not scope.is_all,
    )


def _by_kind(diagnostics: Iterable[Diagnostic]) -> dict[Span, dict[str, list[str]]]:
    """Return the messages of warnings by the place of their waiver and by kind."""
    warnings: dict[Span, dict[str, list[str]]] = {}
    for diagnostic in diagnostics:
        of_waiver = warnings.setdefault(diagnostic.span, {})
        of_waiver.setdefault(WARNINGS[diagnostic.code], []).append(diagnostic.message)
    return warnings


def _row(waiver_status: WaiverStatus, covers: int, waives: int, warnings: dict[Span, dict[str, list[str]]]) -> WaiverRow:
    waiver = waiver_status.waiver
    return WaiverRow(
        waiver.id,
        waiver.kind,
        waiver_status.force.value,
        waiver.owner,
        waiver.approved_by,
        waiver.reason,
        waiver.ticket,
        waiver.begins.isoformat() if waiver.begins else None,
        waiver.until.isoformat() if waiver.until else None,
        waiver.limit,
        waiver.policies,
        covers,
        waives,
        {kind: tuple(messages) for kind, messages in warnings.get(waiver.span, {}).items()},
        waiver.span.path,
        waiver.span.line,
    )


def _attestation_row(attested: Attested) -> AttestationRow:
    attestation = attested.attestation
    return AttestationRow(
        attestation.id,
        attestation.policy,
        attestation.owner,
        attestation.approved_by,
        attestation.reason,
        attestation.evidence,
        attestation.begins.isoformat(),
        attestation.until.isoformat(),
        attested.why_invalid or None,
    )
