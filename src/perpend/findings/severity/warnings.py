"""Report unusual ratings, as diagnostics with places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.model import Span, sorted_diagnostics
from perpend.findings.severity import rules
from perpend.findings.waivers.entries import matching_policies

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.findings.severity.effective import EffectiveRatings
    from perpend.findings.severity.read import PolicyRating, RatingFiles


def rating_warnings(
    files: RatingFiles, in_force: EffectiveRatings, policy_ids: Sequence[str], *, unrated: bool = False
) -> list[Diagnostic]:
    """Return the warnings about ratings; with ``unrated``, also the policies without a rating."""
    diagnostics: list[Diagnostic] = []
    named = [*((rating.policies, rating.span) for rating in files.ratings)]
    named += [((*shift.policies, *shift.also), shift.span) for shift in files.shifts]
    for patterns, span in named:
        unknown = (pattern for pattern in patterns if not matching_policies([pattern], policy_ids))
        diagnostics += (rules.OF_NOTHING.at(span, f"there is no policy `{visible(pattern)}`") for pattern in unknown)
    for shift in in_force.shifts:
        if not shift.policies and matching_policies(shift.shift.policies or ("**",), policy_ids):
            diagnostics.append(rules.OF_NOTHING.at(shift.shift.span, "no policy that it means is rated: nothing is moved"))
    diagnostics += _rated_twice(files, policy_ids)
    if unrated:
        diagnostics += (
            rules.NOT_RATED.at(Span(_file_of(policy)), f"{visible(policy)} is not rated") for policy in in_force.unrated
        )
    return sorted_diagnostics(diagnostics)


def _rated_twice(files: RatingFiles, policy_ids: Sequence[str]) -> Iterator[Diagnostic]:
    """Yield entries without any effect, and those that another file overrides."""
    later: dict[str, PolicyRating] = {}
    for rating in reversed(files.ratings):
        policies = matching_policies(rating.policies, policy_ids)
        twice = [policy for policy in policies if policy in later]
        elsewhere = [policy for policy in twice if later[policy].span.path != rating.span.path]
        if twice and (len(twice) == len(policies) or elsewhere):
            policy = (elsewhere or twice)[0]
            other = later[policy].span
            where = f"{visible(other.path)}:{other.line}"
            all_of_it = ": nothing of this entry holds" if len(twice) == len(policies) else ""
            message = f"{visible(policy)} is rated again in {where}, which holds{all_of_it}"
            yield rules.RATED_TWICE.at(rating.span, message)
        later |= {policy: rating for policy in policies if policy not in later}


def _file_of(policy_id: str) -> str:
    return f"{policy_id.strip('/')}/policy.yaml"
