"""Plan IS_DISAPPEARED, AWS_POLICY_ALLOWS, IS_OPEN_TO_INTERNET and GCP_LOGGING_QUERY_MATCH."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.values.types import ValueType
from perpend.evaluation.planner.operations.values import document, read, unpacked
from perpend.evaluation.planner.scalar import Kind
from perpend.evaluation.planner.udfs import UNUSABLE
from perpend.language.operations.special import IP_VERSIONS

if TYPE_CHECKING:
    from perpend.evaluation.planner.operations.use import PlannedUse, Planners, Value


def is_disappeared(use: PlannedUse) -> Value:
    is_deleted, malformed = use.place.is_deleted()
    return use.value(use.scalars.all(use.place.there, is_deleted), malformed)


def access_policy_allows(use: PlannedUse) -> Value:
    scalars = use.scalars
    value = read(use.place, use.constant("policyExtField"), ValueType.ANY)
    question = (tuple(use.constant("actions")), use.constant("widestAcceptableAccessLevel"))
    answers = scalars.native("access allowed", Kind.TEXTS, document(scalars, value), constants=(question,))
    answer = scalars.make("part", answers, constants=(0,))
    unusable = scalars.make("same", answer, use.text(UNUSABLE))
    return use.value(unpacked(scalars, scalars.make("rest", answer), ValueType.BOOLEAN), value.guards, use.unusable(unusable))


def is_open_to_internet(use: PlannedUse) -> Value:
    scalars, arg = use.scalars, use["arg"]
    answer = scalars.native("open to internet", Kind.TEXT, arg.node, constants=(IP_VERSIONS.get(use.constant("version")),))
    invalid = scalars.make("same", answer, use.text(UNUSABLE))
    is_open = unpacked(scalars, scalars.make("rest", answer), ValueType.BOOLEAN)
    return use.value(is_open, arg.guards, use.stop(invalid, "isInvalid") or use.unusable(invalid))


def logging_query_match(use: PlannedUse) -> Value:
    arg = use["arg"]
    matches = use.scalars.native("logging match", Kind.BOOLEAN, arg.node, constants=(use.constant("value"),))
    return use.value(matches, arg.guards)


PLANNERS: Planners = {
    "IS_DISAPPEARED": is_disappeared,
    "AWS_POLICY_ALLOWS": access_policy_allows,
    "IS_OPEN_TO_INTERNET": is_open_to_internet,
    "GCP_LOGGING_QUERY_MATCH": logging_query_match,
}
