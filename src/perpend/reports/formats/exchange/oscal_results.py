"""A judgement in, OSCAL assessment results out: an observation for each policy, a finding for each requirement judged.

A requirement is *satisfied* only where all that was asked is met: whatever is not known is not satisfied, for another reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from perpend.core.diagnostics.escape import encodable
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.requirements import RequirementStatus
from perpend.reports.formats.exchange.finding import run_of
from perpend.reports.formats.exchange.oscal import document_uuid, metadata, observation, observation_uuid, props, token
from perpend.reports.formats.exchange.text import json_of, one_line, uuid_of
from perpend.reports.formats.tally import tally_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TextIO

    from perpend.core.objects.inventory import CloudObject
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.requirements import RequirementResult, Scorecard
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.reports.formats.exchange.finding import ReportedRun
    from perpend.reports.formats.tally import PolicyTally

_STATES: Final = {
    RequirementStatus.MET: ("satisfied", "pass"),
    RequirementStatus.FAILS: ("not-satisfied", "fail"),
    RequirementStatus.WAIVED: ("not-satisfied", "fail"),
    RequirementStatus.UNDETERMINED: ("not-satisfied", "other"),
}
"""The state of a control. What nothing was judged of is no finding: OSCAL has no word for it."""


def write_oscal_results(
    evaluation: Evaluation, stream: TextIO, *, limit: int = 20, weighed: RatedEvaluation | None = None
) -> None:
    """Write assessment results. Of the objects that share a policy's message, ``limit`` are named at most.

    ``weighed`` is how severe findings are: observations of policies that somebody has rated have it as properties.
    """
    tallies = tally_of(evaluation, limit=limit)
    write_results_of(run_of(evaluation, weighed), {tally.policy.id: _subjects(tally) for tally in tallies}, stream)


def write_results_of(run: ReportedRun, subjects: Mapping[str, list[dict[str, Any]]], stream: TextIO) -> None:
    """Write assessment results of a run. ``subjects`` are objects that are named, by policy."""
    plan = uuid_of("policies", *sorted(run.policies))
    head = {
        "uuid": document_uuid(run, "assessment-results"),
        "metadata": metadata(run, f"Perpend: results of {run.day}"),
        "import-ap": {"href": f"#{plan}"},
    }
    resource = {"uuid": plan, "title": "The policies that judged", "description": f"{len(run.policies):,} policies."}
    stream.write(f'{{"assessment-results":{json_of(head)[:-1]},\n"results":[{json_of(_result(run))[:-1]}')
    _write_list(
        "observations",
        (observation(run, run.policies[policy_id], subjects.get(policy_id, [])) for policy_id in sorted(run.policies)),
        stream,
    )
    findings = (_finding(run, card, result) for card in run.scorecards for result in card.results if result.standing in _STATES)
    _write_list("findings", findings, stream)
    stream.write(f'}}],\n"back-matter":{{"resources":[{json_of(resource)}]}}}}}}\n')


def _write_list(name: str, values: Iterator[dict[str, Any]], stream: TextIO) -> None:
    """Write a member of an object that is an array; none where it would be empty, which OSCAL does not take."""
    first = next(values, None)
    if first is None:
        return
    stream.write(f',\n"{name}":[\n{json_of(first)}')
    for value in values:
        stream.write(f",\n{json_of(value)}")
    stream.write("\n]")


def _result(run: ReportedRun) -> dict[str, Any]:
    counts = {status.value.lower(): str(run.counts[status]) for status in Status}
    total = sum(run.counts.values())
    return {
        "uuid": uuid_of("result", document_uuid(run, "assessment-results")),
        "title": f"Run of {run.day}",
        "description": f"{run.objects:,} objects, {len(run.policies):,} policies, {total:,} verdicts.",
        "start": run.time,
        "props": props({"objects": str(run.objects), **counts}),
        "reviewed-controls": {"control-selections": _selections(run)},
    }


def _selections(run: ReportedRun) -> list[dict[str, Any]]:
    """Return which requirements were asked and which were not, by framework; all of nothing where none was chosen."""
    selections: list[dict[str, Any]] = []
    for card in run.scorecards:
        asked = {result.standing.was_asked: list[dict[str, str]]() for result in card.results}
        for result in card.results:
            asked[result.standing.was_asked].append({"control-id": token(result.requirement.id)})
        selections.append(
            {
                "description": one_line(card.framework.name),
                **({"include-controls": asked[True]} if asked.get(True) else {}),
                **({"exclude-controls": asked[False]} if asked.get(False) else {}),
            }
        )
    return selections or [{"description": "No framework was asked.", "include-all": {}}]


def _subjects(tally: PolicyTally) -> list[dict[str, Any]]:
    shown = [judged for group in tally.groups for judged, _ in group.shown]
    return [_subject(judged) for judged in dict.fromkeys(map(_Key, shown))]


class _Key:
    """An object by its type and id."""

    def __init__(self, judged: CloudObject) -> None:
        self.judged = judged

    def __hash__(self) -> int:
        return hash((self.judged.type_name, self.judged.id))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and (self.judged.type_name, self.judged.id) == (other.judged.type_name, other.judged.id)


def _subject(key: _Key) -> dict[str, Any]:
    judged = key.judged
    return {
        "subject-uuid": uuid_of("object", judged.type_name, encodable(judged.id)),
        "type": "resource",
        "title": one_line(judged.name or judged.id),
        "props": props({"object-id": judged.id or judged.external_id, "type": judged.type_name}),
    }


def _finding(run: ReportedRun, card: Scorecard, result: RequirementResult) -> dict[str, Any]:
    requirement = result.requirement
    state, reason = _STATES[result.standing]
    said = ", ".join(f"{result.counts[status]:,} {status.value.lower()}" for status in Status if result.counts[status])
    policies = sorted(
        {policy.policy_id for policy in requirement.policies if policy.was_asked and policy.policy_id in run.policies}
    )
    left = "; ".join(sorted({policy.reason for policy in requirement.policies if policy.judges and policy.reason}))
    target = {"type": "objective-id", "target-id": token(requirement.id), "status": {"state": state, "reason": reason}}
    return {
        "uuid": uuid_of("finding", run.time, requirement.id),
        "title": one_line(f"{card.framework.name} {requirement.number} {requirement.name}"),
        "description": one_line("; ".join(filter(None, (said or "no objects", left)))),
        "props": props({"standing": result.standing.value, "section-id": requirement.id}),
        "target": target,
        **(
            {"related-observations": [{"observation-uuid": observation_uuid(run, policy_id)} for policy_id in policies]}
            if policies
            else {}
        ),
    }
