"""Fill the placeholders of a remedy with the names of an object.

If one name is unknown, or not valid for its kind, no command is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.core.values.partial_object import doubt_of, reason_of
from perpend.findings.remediation.model import PLACE, Look, Remedy, RemedyStep, Settings
from perpend.findings.remediation.name_kinds import name_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.findings.remediation.model import Scalar, Words


class NotFilled(Exception):
    """Names that are unknown or not valid for their kind; one reason for each field."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


def fill(remedy: Remedy, fields: Mapping[str, Any]) -> Remedy:
    """Return a remedy with an object's names in its placeholders. Raises NotFilled with all reasons."""
    doubt = doubt_of(fields)
    if doubt is not None:
        raise NotFilled((f"nothing is known for sure of the object: {doubt}",))
    names: dict[str, str] = {}
    reasons: list[str] = []
    for value in remedy.values:
        read, reason = _value_at(fields, value.path)
        name, refused = (None, reason) if reason else name_of(read, value.kind)
        if name is None:
            reasons.append(f"{value.path} {refused}")
        else:
            names[value.name] = name
    if reasons:
        raise NotFilled(tuple(reasons))
    return _filled(remedy, names)


def _value_at(fields: Mapping[str, Any], path: str) -> tuple[Any, str | None]:
    """Return the value at a path, and the reason if it is unknown."""
    *lookups, name = path.split(".")
    for lookup in lookups:
        if lookup not in fields:
            return None, reason_of(fields, lookup)
        inner = fields[lookup]
        if not isinstance(inner, dict):
            return None, f"is not there: {lookup} leads nowhere"
        fields = inner
    return (fields[name], None) if name in fields else (None, reason_of(fields, name))


def _filled(remedy: Remedy, names: Mapping[str, str]) -> Remedy:
    def words(given: Words) -> Words:
        return tuple(text(word) for word in given)

    def text(given: str) -> str:
        return PLACE.sub(lambda place: names[place[1]], given)

    def setting(given: Scalar) -> Scalar:
        return text(given) if isinstance(given, str) else given

    return Remedy(
        (),
        tuple(Look(look.say, words(look.run)) for look in remedy.before),
        tuple(RemedyStep(step.say, words(step.run), words(step.undo), step.no_undo) for step in remedy.steps),
        tuple(Settings(one.resource, {key: setting(value) for key, value in one.values.items()}) for one in remedy.terraform),
    )
