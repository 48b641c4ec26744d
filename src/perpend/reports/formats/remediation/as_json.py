"""What would mend objects in, a JSON array out: commands are lists of words, so that no shell has to read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.reports.formats.exchange.text import write_items

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from perpend.findings.remediation.model import Remedy
    from perpend.findings.remediation.plans import RemediationPlan


def write_remedies_json(mendings: Iterable[RemediationPlan], stream: TextIO) -> None:
    """Write an object for each object to mend, a line each. The keys are a contract: added to, never renamed."""
    stream.write("[")
    write_items(map(_document, mendings), stream)
    stream.write("\n]\n")


def _document(mending: RemediationPlan) -> dict[str, Any]:
    judged, remedy = mending.object, mending.remedy
    return {
        "policyId": mending.policy.id,
        "policyName": mending.policy.full_name,
        "object": {
            "type": judged.type_name,
            "id": judged.id,
            "externalId": judged.external_id,
            "name": judged.name,
            "account": mending.account or None,
        },
        "currentStateMessage": mending.message,
        "filledIn": remedy is not None,
        "notKnown": list(mending.why_not),
        "guide": mending.guide,
        **(_plan(remedy) if remedy else {"before": [], "steps": [], "terraform": []}),
    }


def _plan(remedy: Remedy) -> dict[str, Any]:
    return {
        "before": [{"say": look.say, "run": list(look.run) or None} for look in remedy.before],
        "steps": [
            {"say": step.say, "run": list(step.run), "undo": list(step.undo) or None, "noUndo": step.no_undo or None}
            for step in remedy.steps
        ],
        "terraform": [{"type": one.resource, "set": dict(one.values)} for one in remedy.terraform],
    }
