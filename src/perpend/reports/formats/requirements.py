"""Write a record for each requirement, as JSON, lines of JSON, or CSV. Keys may be added, and are never renamed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.requirements import RequirementStatus
from perpend.reports.formats.csv import cell_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TextIO

    from perpend.evaluation.verdicts.requirements import RequirementPolicy, RequirementResult, Scorecard

FORMS: Final = (".json", ".ndjson", ".csv")
"""The file endings of the forms of requirements."""

_COUNTS: Final = tuple(status.value for status in Status)

COLUMNS: Final = ("frameworkId", "requirementId", "number", "name", "standing", *_COUNTS, "policies", "notAsked")
"""The columns of a requirement's row."""

_KEYS: Final = {
    RequirementStatus.FAILS: "fails",
    RequirementStatus.UNDETERMINED: "undetermined",
    RequirementStatus.WAIVED: "waived",
    RequirementStatus.MET: "met",
    RequirementStatus.NOTHING_TO_JUDGE: "nothingToJudge",
    RequirementStatus.NOT_ASKED: "notAsked",
    RequirementStatus.ATTESTED: "attested",
    RequirementStatus.MANUAL: "manual",
    RequirementStatus.UNANSWERED: "unanswered",
}


def write_requirements(cards: Iterable[Scorecard], path: str, stream: TextIO) -> None:
    """Write frameworks as one JSON array, or one requirement a line if the path ends in ``.ndjson`` or ``.csv``."""
    ending = path.lower().rpartition(".")[2]
    if ending == "json":
        stream.write(frameworks_json(cards) + "\n")
    elif ending == "ndjson":
        stream.writelines(f"{_text(record)}\n" for record in _records(cards))
    else:
        rows = (map(str, row.values()) for row in requirement_rows(cards))
        stream.writelines(f"{','.join(map(cell_text, row))}\r\n" for row in (COLUMNS, *rows))


def frameworks_json(cards: Iterable[Scorecard]) -> str:
    """Return frameworks as a JSON array: the number of requirements of each status, and the requirements, one a line."""
    return f"[{','.join(map(_framework, cards))}]"


def _framework(card: Scorecard) -> str:
    counts = {_KEYS[requirement_status]: number for requirement_status, number in card.counts.items()}
    about = card.framework
    head = {
        "id": about.id,
        "name": about.name,
        "sections": about.sections,
        "requirements": len(card.results),
        "asked": card.asked,
    }
    results = ",\n".join(_text(_result(result)) for result in card.results)
    return f'{_text({**head, **counts})[:-1]},"results":[\n{results}\n]}}'


def _result(result: RequirementResult) -> dict[str, Any]:
    requirement = result.requirement
    return {
        "id": requirement.id,
        "number": requirement.number,
        "name": requirement.name,
        "standing": _KEYS[result.standing],
        **{status.value: result.counts[status] for status in Status},
        "policies": [_policy(policy) for policy in requirement.policies],
    }


def _policy(policy: RequirementPolicy) -> dict[str, Any]:
    asked = {"id": policy.policy_id, "judges": policy.judges, "asked": policy.was_evaluated, "reason": policy.reason or None}
    return asked | ({"looser": policy.looser} if policy.looser else {})


def _records(cards: Iterable[Scorecard]) -> Iterator[dict[str, Any]]:
    for card in cards:
        yield from ({"frameworkId": card.framework.id, **_result(result)} for result in card.results)


def requirement_rows(cards: Iterable[Scorecard]) -> Iterator[dict[str, str | int]]:
    """Yield a row for each requirement, with evaluated policies by id, and the others with the reason."""
    for record in _records(cards):
        evaluated = " ".join(policy["id"] for policy in record["policies"] if policy["asked"])
        left = (policy for policy in record["policies"] if policy["reason"] or not policy["asked"])
        others = "; ".join(f"{policy['id']}: {policy['reason'] or 'cannot judge'}" for policy in left)
        facts = (record[key] for key in ("frameworkId", "id", "number", "name", "standing", *_COUNTS))
        yield dict(zip(COLUMNS, (*facts, evaluated, others), strict=True))


def _text(record: dict[str, Any]) -> str:
    return json.dumps(record, separators=(",", ":"))
