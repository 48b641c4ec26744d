"""Report unusual waivers and attestations, as diagnostics with places."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.model import sorted_diagnostics
from perpend.core.diagnostics.phrases import counted
from perpend.findings.waivers import rules
from perpend.findings.waivers.changed_values import changed_values
from perpend.findings.waivers.status import SOON, Force, approves_itself

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.findings.waivers.attestations import Attested
    from perpend.findings.waivers.changed_values import ValuesOf
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.findings.waivers.read import Waiver
    from perpend.findings.waivers.status import WaiverStatus

_FEW: Final = 3
"""Up to how many findings of a policy may be waived without a word, whatever part of them that is."""


@dataclass(frozen=True, slots=True)
class EvaluatedScope:
    """The scope of a run: the evaluated policies, and the accounts that were read or are in Ids, all if there are none.

    ``in_scope`` has by id, for each waiver that covers nothing, the number of objects in its scope, and of undetermined ones.
    """

    policies: frozenset[str]
    accounts: frozenset[str] = frozenset()
    in_scope: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def waiver_warnings(
    waiver_matches: WaiverMatches, approvers: Collection[str], evaluated: EvaluatedScope | None, values_of: ValuesOf
) -> list[Diagnostic]:
    """Return the warnings about waivers on a day; without ``evaluated``, only those that need no findings.

    ``values_of`` returns the values in use of a policy's parameters.
    """
    diagnostics: list[Diagnostic] = []
    for waiver_status in waiver_matches.waiver_statuses:
        diagnostics += _of_days(waiver_status, waiver_matches, counts=evaluated is not None)
        diagnostics += _of_approval(waiver_status, approvers)
        diagnostics += _of_breadth(waiver_status, waiver_matches)
        diagnostics += _of_values(waiver_status, values_of)
        if not waiver_status.policies:
            diagnostics.append(
                rules.UNUSED.at(
                    waiver_status.waiver.span,
                    f"{_named(waiver_status.waiver)} covers nothing: there is no policy that it names",
                )
            )
        elif evaluated is not None:
            diagnostics += _of_use(waiver_status, waiver_matches, evaluated)
    for (first, other), number in waiver_matches.overlaps.items():
        waiver = next(
            waiver_status.waiver for waiver_status in waiver_matches.waiver_statuses if waiver_status.waiver.id == first
        )
        message = f"{_named(waiver)} and `{visible(other)}` both cover {counted(number, 'finding')}: the first one is shown"
        diagnostics.append(rules.OVERLAPPING.at(waiver.span, message))
    return sorted_diagnostics(diagnostics)


def attestation_warnings(attestations: Iterable[Attested]) -> list[Diagnostic]:
    """Return the warnings about attestations that are not valid."""
    return [
        rules.CONTRARY.at(
            attested.attestation.span,
            f"the attestation `{visible(attested.attestation.id)}` does not hold: {attested.why_invalid}",
        )
        for attested in attestations
        if attested.why_invalid
    ]


def _named(waiver: Waiver) -> str:
    return f"`{visible(waiver.id)}`"


def _of_days(waiver_status: WaiverStatus, waiver_matches: WaiverMatches, *, counts: bool) -> Iterator[Diagnostic]:
    waiver, number = waiver_status.waiver, waiver_matches.covers.get(waiver_status.waiver.id, 0)
    of = f": {counted(number, 'finding')}" if counts else ""
    if waiver_status.force is Force.EXPIRED:
        message = f"{_named(waiver)} has ended{of}, waived until {waiver.until}, count again ({visible(waiver.reason)})"
        yield rules.EXPIRED.at(waiver.span, message if counts else f"{_named(waiver)} has ended on {waiver.until}")
    elif waiver_status.force is Force.IN_FORCE and waiver.until is None:
        yield rules.ENDS_SOON.at(waiver.span, f"{_named(waiver)} never ends{of}; {visible(waiver.owner)} answers for it")
    elif (
        waiver_status.force is Force.IN_FORCE
        and waiver.until is not None
        and (waiver.until - waiver_matches.day.last).days < SOON
    ):
        left = counted((waiver.until - waiver_matches.day.last).days + 1, "day")
        message = f"{_named(waiver)} of {visible(waiver.owner)} ends in {left}, after {waiver.until}{of}"
        yield rules.ENDS_SOON.at(waiver.span, message)


def _of_approval(waiver_status: WaiverStatus, approvers: Collection[str]) -> Iterator[Diagnostic]:
    waiver = waiver_status.waiver
    if approves_itself(waiver):
        yield rules.NOT_APPROVED.at(waiver.span, f"{_named(waiver)} is approved by its owner, {visible(waiver.owner)}")
    elif approvers and waiver.approved_by not in approvers:
        by = f"{visible(waiver.approved_by)} is no approver" if waiver.approved_by else "nobody has approved it"
        yield rules.NOT_APPROVED.at(waiver.span, f"{_named(waiver)} is not in force: {by}")


def _of_breadth(waiver_status: WaiverStatus, waiver_matches: WaiverMatches) -> Iterator[Diagnostic]:
    waiver, number = waiver_status.waiver, waiver_matches.covers.get(waiver_status.waiver.id, 0)
    if waiver.exceeds_limit(number):
        message = f"{_named(waiver)} would cover {counted(number, 'finding')}, more than its limit of {waiver.limit:,}"
        yield rules.OVERBROAD.at(waiver.span, f"{message}: it covers none")
        return
    broad = [policy for policy in waiver.policies if "**" in policy or ("*" in policy and not waiver.scope)]
    if broad:
        without = "" if waiver.scope else ", and no scope"
        yield rules.OVERBROAD.at(waiver.span, f"{_named(waiver)} names policies by `{visible(broad[0])}`{without}")
    for policy in waiver_status.policies if waiver_status.force is Force.IN_FORCE else ():
        part, of = waiver_matches.by_waiver.get((waiver.id, policy), 0), waiver_matches.of.get(policy, 0)
        if part > _FEW and part * 2 > of:
            message = f"{_named(waiver)} covers {part:,} of {counted(of, 'finding')} of {visible(policy)}"
            yield rules.OVERBROAD.at(waiver.span, message)


def _of_values(waiver_status: WaiverStatus, values_of: ValuesOf) -> Iterator[Diagnostic]:
    waiver = waiver_status.waiver
    changed = list(changed_values(waiver, values_of)) if waiver_status.force is not Force.EXPIRED else []
    if changed:
        listed = "; ".join(value.in_words for value in changed[:_FEW])
        more = f"; {len(changed) - _FEW:,} more" if len(changed) > _FEW else ""
        yield rules.OTHER_VALUES.at(waiver.span, f"{_named(waiver)} needs a review: {listed}{more}")


def _of_use(waiver_status: WaiverStatus, waiver_matches: WaiverMatches, evaluated: EvaluatedScope) -> Iterator[Diagnostic]:
    """Yield a warning that a waiver in force covers nothing, unless its policies or accounts were not evaluated."""
    waiver = waiver_status.waiver
    if waiver_status.force is not Force.IN_FORCE or waiver_matches.covers.get(waiver.id):
        return
    if not evaluated.policies.intersection(waiver_status.policies):
        return  # its policies were not asked
    accounts = waiver.scope.get("accounts", ())
    if accounts and evaluated.accounts and evaluated.accounts.isdisjoint(accounts):
        return  # its accounts were not read
    in_scope, unknown = evaluated.in_scope.get(waiver.id, (0, 0))
    if unknown:
        why = f"it is not known whether its findings are resolved ({unknown:,} of {counted(in_scope, 'object')} undetermined)"
    elif in_scope:
        why = f"its findings are resolved ({counted(in_scope, 'object')} in its scope): delete it"
    else:
        why = "no object is in its scope; the objects may be deleted, renamed or of another account"
    yield rules.UNUSED.at(waiver.span, f"{_named(waiver)} covers nothing: {why}")
