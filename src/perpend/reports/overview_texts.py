"""Say the summary of a run in words: the terminal and the HTML report use the same phrases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.phrases import counted
from perpend.core.objects.status import Status
from perpend.reports.overview import OpenCounts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perpend.findings.severity.levels import SeverityLevel
    from perpend.reports.overview import FailingObject, FailingPolicy, NeededCall, Overview

_MOST_PLACES: Final = 3
_MOST_CHARACTERS: Final = 48


def level_text(level: SeverityLevel | None) -> str:
    """Return the name of a severity."""
    return level.value if level else "not rated"


def subject_text(overview: Overview, most: int, name: Callable[[str], str] = str) -> str:
    """Return the accounts of a run, or their number if there are more than ``most``; empty if none is known.

    ``name`` makes names printable.
    """
    if len(overview.accounts) > most:
        return counted(len(overview.accounts), "account")
    names = ", ".join(map(name, overview.accounts))
    return f"account{'s'[: len(overview.accounts) > 1]} {names}" if names else ""


def scope_text(overview: Overview) -> str:
    """Return how many of the repository's policies were evaluated, by which frameworks, and how many found no object."""
    number, whole = overview.policies, overview.all_policies
    text = f"all {counted(whole, 'policy', 'policies')}" if number == whole > 1 else f"{number:,} of {whole:,} policies"
    text += f", by {' and '.join(overview.frameworks)}" if overview.frameworks else ""
    return text + (f", {overview.without_objects:,} more without an object" if overview.without_objects else "")


def verdicts_text(overview: Overview) -> str:
    """Return the numbers of failing, unknown and all applicable verdicts."""
    return f"{overview.failing:,} failing, {overview.unknown:,} unknown of {counted(overview.applicable, 'verdict')}"


def score_text(overview: Overview) -> str:
    """Return the compliant share of known verdicts."""
    share = known_share(overview.compliant, overview.known)
    return "nothing is known to comply or fail" if share is None else f"{share} % of what is known complies"


def known_share(part: int, whole: int) -> int | None:
    """Return a percentage without decimals, 0 or 100 only if it is so; None of nothing."""
    if not whole:
        return None
    rounded = (200 * part + whole) // (2 * whole)
    return min(max(rounded, part > 0), 100 - (part < whole))


def score_parts(overview: Overview) -> dict[str, int]:
    """Return the numbers that add up to the applicable verdicts: compliant, failing, waived if there are any, and unknown."""
    waived = overview.waived.get(Status.INCOMPLIANT, 0)
    parts = {"compliant": overview.compliant, "failing": overview.failing}
    return parts | ({"waived": waived} if waived else {}) | {"unknown": overview.unknown}


def others_text(overview: Overview) -> str:
    """Return the numbers of verdicts beside those, and how many of the unknown are waived; empty if there are none."""
    inapplicable, gone = overview.counts[Status.INAPPLICABLE], overview.counts[Status.DISAPPEARED]
    parts = [f"{inapplicable:,} more {'does' if inapplicable == 1 else 'do'} not apply"] if inapplicable else []
    if gone:
        parts.append("1 is about an object that disappeared" if gone == 1 else f"{gone:,} are about objects that disappeared")
    if unknown := overview.waived.get(Status.UNDETERMINED, 0):
        parts.append(f"{unknown:,} of the unknown are waived")
    return ", ".join(parts)


def summed_services(overview: Overview, most: int) -> tuple[Sequence[tuple[str, OpenCounts]], int, OpenCounts]:
    """Return the first services, the number of the others, and the sums of these. All are at most ``most`` rows."""
    services = overview.services
    if len(services) <= most:
        return services, 0, OpenCounts()
    summed = OpenCounts()
    for _, counts in services[most - 1 :]:
        summed = summed.plus(counts)
    return services[: most - 1], len(services) - most + 1, summed


def object_texts(policies: Sequence[FailingPolicy], name: Callable[[str], str] = str) -> list[list[str]]:
    """Return texts with the names of the first objects of each policy, the longest text first. ``name`` makes names printable.

    Names have a region and an account if several of these are shown; the shortest text has neither.
    """
    shown = [one for policy in policies for one in policy.objects]
    regions = len({one.region for one in shown if one.region}) > 1
    accounts = len({one.account for one in shown if one.account}) > 1

    def text(failing: FailingObject) -> str:
        place = ", ".join(filter(None, (failing.region if regions else "", failing.account if accounts else "")))
        return name(failing.name) + (f" ({name(place)})" if place and place not in failing.name else "")

    lines = []
    for policy in policies:
        names = list(map(text, policy.objects))
        if len(set(names)) < len(names):
            names = [f"{one} {name(failing.object.id)}" for one, failing in zip(names, policy.objects, strict=True)]
        texts = [_and_more(names[:number], policy.failing - number) for number in range(len(names), 0, -1)]
        bare = [_and_more([name(one.name)], policy.failing - 1) for one in policy.objects[:1]]
        lines.append([*texts, *bare] or [""])
    return lines


def _and_more(names: Sequence[str], rest: int) -> str:
    return ", ".join(names) + (f" and {rest:,} more" if rest else "")


def unread_text(overview: Overview) -> str:
    """Return how many calls were denied, how many failed otherwise, and how many unknown verdicts need them."""
    denied = sum(call.calls for call in overview.unread if call.is_denied)
    failed = sum(call.calls for call in overview.unread) - denied
    parts = [f"{counted(denied, 'call')} {'was' if denied == 1 else 'were'} denied"] if denied else []
    parts += [f"{failed:,} failed" if denied else f"{counted(failed, 'call')} failed"] if failed else []
    needing = counted(overview.unread_verdicts, "unknown verdict needs", "unknown verdicts need")
    parts += [f"{needing} {'it' if denied + failed == 1 else 'them'}"] if overview.unread_verdicts else []
    return ", ".join(parts)


def unknown_text(overview: Overview) -> str:
    """Return how many unknown verdicts have which cause; empty if no call failed and everything was asked for."""
    causes = overview.unknown_causes
    if causes.total == causes.other:
        return ""
    parts = {
        "need denied calls": causes.denied,
        "need failed calls": causes.failed,
        "read what was not asked for": causes.not_evaluated,
        "have other reasons": causes.other,
    }
    listed = ", ".join(f"{number:,} {what}" for what, number in parts.items() if number)
    return f"of {causes.total:,} unknown: {listed}"


def places_text(call: NeededCall) -> str:
    """Return the places of calls, or how many regions and accounts they are if that is shorter to read."""
    named = ", ".join(call.places)
    if len(call.places) == 1 or (len(call.places) <= _MOST_PLACES and len(named) <= _MOST_CHARACTERS):
        return named
    accounts = f"{call.accounts:,} accounts"
    if not call.regions:
        return accounts
    return counted(call.regions, "region") + (f" of {accounts}" if call.accounts > 1 else "")


def call_text(overview: Overview, call: NeededCall) -> str:
    """Return the permission of a call, with the failure if calls failed in several ways."""
    code = f", {call.code}" if call.code else ""
    several = len({one.refusal for one in overview.unread}) > 1
    return call.label + (f" ({call.refusal}{code})" if several else "")
