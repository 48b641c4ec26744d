"""Read ``renames.yaml``: the former ids of policies, and retired policies. Findings keep their history through them."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.phrases import nearest, shorten
from perpend.language.syntax import rules
from perpend.language.syntax.shapes import Items, Key, Record, Text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from perpend.core.diagnostics.model import Diagnostic, Span
    from perpend.language.syntax.read import Fields

FILE: Final = "renames.yaml"
"""The file's path from the repository's root."""

_SINCE: Final = Key("since", Text(filled=True), "The day, for people.")

SHAPE: Final = Record(
    "renames",
    "What policies were called before, and which are no more.",
    (
        Key(
            "renames",
            Items(
                Record(
                    "rename",
                    "A policy that has another id now.",
                    (
                        Key("from", Text(filled=True), "The former id.", required=True),
                        Key("to", Text(filled=True), "The id that it has now, or had next.", required=True),
                        _SINCE,
                    ),
                )
            ),
            "Policies that have another id now: their findings go on.",
        ),
        Key(
            "retired",
            Items(
                Record(
                    "retired",
                    "A policy that is no more.",
                    (Key("policy", Text(filled=True), "Its last id.", required=True), _SINCE),
                )
            ),
            "Policies that are no more: their open findings end as retired.",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Renames:
    """``former`` ids by their new ids, and the ids of ``retired`` policies."""

    former: Mapping[str, str] = field(default_factory=dict)
    retired: frozenset[str] = frozenset()


def renames_from(fields: Fields, policy_ids: Collection[str], diagnostics: list[Diagnostic]) -> Renames:
    """Return the renames in a file. Entries that contradict the repository or each other become diagnostics."""
    former: dict[str, str] = {}
    targets = {one["from"].value: one["to"].value for one in fields.records("renames") if "from" in one and "to" in one}
    for entry in fields.records("renames"):
        if "from" not in entry or "to" not in entry:
            continue
        origin, target = entry["from"], entry["to"]
        problem = _problem(origin.value, target.value, former, targets, policy_ids)
        if problem is not None:
            at, message = (origin.span if problem[0] else target.span), problem[1]
            diagnostics.append(_at(at, message, target.value, () if problem[0] else policy_ids))
        else:
            former[target.value] = origin.value
    retired = set()
    for entry in fields.records("retired"):
        policy = entry.get("policy")
        if policy is not None and policy.value in policy_ids:
            diagnostics.append(_at(policy.span, f"`{shorten(policy.value)}` is retired, but still a policy", "", ()))
        elif policy is not None:
            retired.add(policy.value)
    return Renames(former, frozenset(retired))


def _problem(
    origin: str, target: str, former: Mapping[str, str], targets: Mapping[str, str], policy_ids: Collection[str]
) -> tuple[bool, str] | None:
    """Return the problem of a rename, and whether the former id is at fault."""
    if origin in policy_ids:
        return True, f"`{shorten(origin)}` is a former id, but still a policy"
    if origin in former.values():
        return True, f"`{shorten(origin)}` is renamed twice; list a policy that was split under `retired`"
    if target in former:
        return False, f"two policies are renamed to `{shorten(target)}`; list merged policies under `retired`"
    if target not in policy_ids and target not in targets:
        return False, f"there is no policy `{shorten(target)}`"
    return (False, f"`{shorten(target)}` is renamed in a circle") if _in_circle(origin, targets) else None


def _in_circle(origin: str, targets: Mapping[str, str]) -> bool:
    seen, here = {origin}, targets.get(origin)
    while here is not None and here not in seen:
        seen.add(here)
        here = targets.get(here)
    return here is not None


def _at(span: Span, message: str, wrong: str, near: Iterable[str]) -> Diagnostic:
    return rules.MISLEADING_RENAME.at(span, message, help=nearest(wrong, list(near), ()))
