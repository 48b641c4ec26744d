"""Write OSCAL 1.1.2: assessment results, and a plan of action and milestones (POA&M).

Source: NIST, OSCAL. Its texts are on one line, identifiers are tokens, and a control has two states only. A requirement is
satisfied only if everything that was evaluated is met.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from perpend.core.diagnostics.escape import encodable
from perpend.core.errors import PerpendError
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.requirements import RequirementStatus
from perpend.reports.formats.finding import OPEN, run_of
from perpend.reports.formats.json_text import json_of, one_line, uuid_of, write_items
from perpend.reports.formats.tally import tally_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import TextIO

    from perpend.core.objects.inventory import CloudObject
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.requirements import RequirementResult, Scorecard
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.reports.formats.finding import ReportedFinding, ReportedPolicy, ReportedRun
    from perpend.reports.formats.tally import PolicyTally

OSCAL: Final = "1.1.2"
"""The version of OSCAL."""

_NAMESPACE: Final = "urn:perpend:oscal"
_NO_TOKEN: Final = re.compile("[^A-Za-z0-9._-]")


def metadata(run: ReportedRun, title: str) -> dict[str, Any]:
    """Return the head of a document. Its time is the time of the run, so that equal runs give equal documents."""
    return {"title": title, "last-modified": run.time, "version": run.day, "oscal-version": OSCAL}


def document_uuid(run: ReportedRun, kind: str) -> str:
    """Return the UUID of a document, made of its kind, time, policies and counts."""
    counts = (f"{status.value} {number}" for status, number in run.counts.items())
    return uuid_of(kind, run.time, *sorted(run.policies), *counts)


def props(values: Mapping[str, str | None]) -> list[dict[str, str]]:
    """Return properties in a namespace of our own, because OSCAL limits the values in its own."""
    return [{"name": name, "ns": _NAMESPACE, "value": one_line(value)} for name, value in values.items() if value]


def _counts_text(counts: Mapping[Status, int]) -> str:
    return ", ".join(f"{counts[status]:,} {status.value.lower()}" for status in Status if counts.get(status)) or "no objects"


def token(text: str) -> str:
    """Return an identifier as a token: letters, digits, dots, dashes and underscores, with a letter or underscore first."""
    made = _NO_TOKEN.sub("_", text.removeprefix("/frameworks/").strip("/"))
    return made if made[:1].isalpha() else f"_{made}"


def observation_uuid(run: ReportedRun, policy_id: str) -> str:
    """Return the UUID of the observation of a policy in a run."""
    return uuid_of("observation", run.time, policy_id)


def observation(run: ReportedRun, policy: ReportedPolicy, subjects: list[dict[str, str]]) -> dict[str, Any]:
    """Return the observation of a policy: the number of objects with each status. ``subjects`` are some of the objects."""
    counts = {status.value.lower(): str(policy.counts.get(status, 0)) for status in Status}
    rating = policy.rating
    rated = {"severity": rating.level.value, "rated-by": rating.source, "rated-because": rating.because} if rating else {}
    return {
        "uuid": observation_uuid(run, policy.id),
        "title": one_line(policy.title),
        "description": f"{_counts_text(policy.counts)}.",
        "props": props({"policy-id": policy.id, **counts, **rated}),
        "methods": ["TEST"],
        "types": ["finding" if policy.counts.get(Status.INCOMPLIANT) else "control-objective"],
        **({"subjects": subjects} if subjects else {}),
        "collected": run.time,
    }


_STATES: Final = {
    RequirementStatus.MET: ("satisfied", "pass"),
    RequirementStatus.FAILS: ("not-satisfied", "fail"),
    RequirementStatus.WAIVED: ("not-satisfied", "fail"),
    RequirementStatus.UNDETERMINED: ("not-satisfied", "other"),
}
"""The state of a control. Requirements that were not evaluated are left out, because OSCAL has no word for them."""


def write_oscal_results(
    evaluation: Evaluation, stream: TextIO, *, limit: int = 20, weighed: RatedEvaluation | None = None
) -> None:
    """Write assessment results: an observation for each policy, and a finding for each evaluated requirement.

    At most ``limit`` objects are named for each message of a policy. Ratings in ``weighed`` become properties of
    observations.
    """
    tallies = tally_of(evaluation, limit=limit)
    write_results_of(run_of(evaluation, weighed), {tally.policy.id: _subjects(tally) for tally in tallies}, stream)


def write_results_of(run: ReportedRun, subjects: Mapping[str, list[dict[str, Any]]], stream: TextIO) -> None:
    """Write assessment results of a run. ``subjects`` are the named objects, by policy."""
    plan = uuid_of("policies", *sorted(run.policies))
    head = {
        "uuid": document_uuid(run, "assessment-results"),
        "metadata": metadata(run, f"Perpend: results of {run.day}"),
        "import-ap": {"href": f"#{plan}"},
    }
    resource = {"uuid": plan, "title": "The policies of the run", "description": f"{len(run.policies):,} policies."}
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
    """Write a member that is an array, and nothing if it would be empty, because OSCAL forbids empty arrays."""
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
    """Return the evaluated requirements and the other ones, by framework. OSCAL wants one selection even without frameworks."""
    selections: list[dict[str, Any]] = []
    for card in run.scorecards:
        controls = {result.standing.was_evaluated: list[dict[str, str]]() for result in card.results}
        for result in card.results:
            controls[result.standing.was_evaluated].append({"control-id": token(result.requirement.id)})
        selections.append(
            {
                "description": one_line(card.framework.name),
                **({"include-controls": controls[True]} if controls.get(True) else {}),
                **({"exclude-controls": controls[False]} if controls.get(False) else {}),
            }
        )
    return selections or [{"description": "No framework was evaluated.", "include-all": {}}]


def _subjects(tally: PolicyTally) -> list[dict[str, Any]]:
    objects: dict[tuple[str, str], CloudObject] = {}
    for group in tally.groups:
        for object_, _ in group.shown:
            objects.setdefault((object_.type_name, object_.id), object_)
    return [_subject(object_) for object_ in objects.values()]


def _subject(object_: CloudObject) -> dict[str, Any]:
    return {
        "subject-uuid": uuid_of("object", object_.type_name, encodable(object_.id)),
        "type": "resource",
        "title": one_line(object_.name or object_.id),
        "props": props({"object-id": object_.id or object_.external_id, "type": object_.type_name}),
    }


def _finding(run: ReportedRun, card: Scorecard, result: RequirementResult) -> dict[str, Any]:
    requirement = result.requirement
    state, reason = _STATES[result.standing]
    policies = sorted(
        {policy.policy_id for policy in requirement.policies if policy.was_evaluated and policy.policy_id in run.policies}
    )
    left = "; ".join(sorted({policy.reason for policy in requirement.policies if policy.judges and policy.reason}))
    target = {"type": "objective-id", "target-id": token(requirement.id), "status": {"state": state, "reason": reason}}
    return {
        "uuid": uuid_of("finding", run.time, requirement.id),
        "title": one_line(f"{card.framework.name} {requirement.number} {requirement.name}"),
        "description": one_line("; ".join(filter(None, (_counts_text(result.counts), left)))),
        "props": props({"standing": result.standing.value, "section-id": requirement.id}),
        "target": target,
        **(
            {"related-observations": [{"observation-uuid": observation_uuid(run, policy_id)} for policy_id in policies]}
            if policies
            else {}
        ),
    }


class NothingOpen(PerpendError):
    """A plan of action would have no items, which OSCAL forbids."""


def write_oscal_poam(run: ReportedRun, findings: Iterable[ReportedFinding], stream: TextIO) -> None:
    """Write a plan with an observation for each policy and an item for each open finding.

    An undetermined finding is an item with a status of its own: it may be a weakness, or none. Raises NothingOpen, before
    anything is written, if no finding is open.
    """
    items = (_item(run, finding) for finding in findings if finding.status in OPEN and not finding.is_archived)
    first = next(items, None)
    if first is None:
        raise NothingOpen("no finding is open: a plan of action (oscal-poam) needs at least one item, and was not written")
    head = {
        "uuid": document_uuid(run, "plan-of-action-and-milestones"),
        "metadata": metadata(run, f"Perpend: open findings of {run.day}"),
        "system-id": {"identifier-type": "http://ietf.org/rfc/rfc4122", "id": uuid_of("system", *sorted(run.policies))},
    }
    stream.write(f'{{"plan-of-action-and-milestones":{json_of(head)[:-1]},\n"observations":[')
    policies = [run.policies[name] for name in sorted(run.policies)]
    observed = [policy for policy in policies if any(policy.counts.get(status) for status in OPEN)]
    write_items((json_of(observation(run, policy, [])) for policy in observed), stream)
    stream.write('\n],\n"poam-items":[')
    write_items(map(json_of, chain([first], items)), stream)
    stream.write("\n]}}\n")


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
