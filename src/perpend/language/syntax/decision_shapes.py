"""The shapes of files with decisions on findings: waivers and severities."""

from __future__ import annotations

from typing import Final

from perpend.core.objects.status import Status
from perpend.language.syntax.shapes import Choice, CountShape, Flag, Items, Key, Literal, Record, Text

_TEXTS: Final = Items(Text(filled=True))

WAIVER_KINDS: Final = ("accepted-risk", "false-positive", "compensating-control", "planned-fix")
"""The reasons to waive a finding."""

_DAY = Text(filled=True)
_SOME = Items(Text(filled=True), filled=True)
_COMMON = (
    Key("id", Text(filled=True), "The id in every output; it is never reused.", required=True),
    Key("reason", Text(filled=True), "The reason.", required=True),
    Key("owner", Text(filled=True), "The person or team in charge.", required=True),
    Key("approvedBy", Text(filled=True), "The approver; required if the file names `approvers`, and never the owner."),
    Key("from", _DAY, "The first day on which it applies, such as 2026-11-01 (UTC); without it, any day."),
)
_NOT_STORED = (
    "fields of objects are not stored with findings, so they cannot be matched later: name `accounts`, `objects`, `names`"
)
_SCOPE = Record(
    "scope",
    "The findings: every key must match, a list matches by any of its items.",
    (
        Key("accounts", _SOME, "Accounts by their numbers."),
        Key("regions", _SOME, "Regions."),
        Key("types", _SOME, "API names of object types."),
        Key("objects", _SOME, "Ids or external ids; `*` matches anything."),
        Key("names", _SOME, "Names of objects; `*` matches anything."),
        Key("tags", _SOME, "Tags, such as team=payments. An object whose tags are not known does not match."),
    ),
    lacks=(("where", _NOT_STORED),),
)
_COVERED = Items(Choice((Status.INCOMPLIANT.value, Status.UNDETERMINED.value)), filled=True)
_VALUE = Record(
    "waiver value",
    "A value of a policy's parameter.",
    (
        Key("policy", Text(filled=True), "The id of the policy.", required=True),
        Key("name", Text(filled=True), "The name of the parameter.", required=True),
        Key("value", Literal(), "Its value.", required=True),
    ),
)
_WAIVER = Record(
    "waiver",
    "An accepted set of findings, with an owner and an end. Their status does not change.",
    (
        *_COMMON,
        Key("until", _DAY, "The last day on which it applies (UTC)."),
        Key("forever", Flag(), "Instead of `until`, for an accepted risk only; every run warns about it."),
        Key("kind", Choice(WAIVER_KINDS), "The kind of reason.", required=True),
        Key("ticket", Text(filled=True), "The ticket of the follow-up."),
        Key("limit", CountShape(), "The most findings that it covers. If more match, it covers none. Default: any number."),
        Key("policies", _SOME, "Ids; `*` matches anything within a segment, `**` across segments.", required=True),
        Key("scope", _SCOPE, "The findings of these policies; without it, all."),
        Key("statuses", _COVERED, "Statuses that it covers; by default INCOMPLIANT only."),
        Key("parameters", Items(_VALUE), "The values of parameters when it was written; another value in use needs a review."),
    ),
)
_ATTESTATION = Record(
    "attestation",
    "A statement on a policy that cannot be automated. It is never a verdict.",
    (
        *_COMMON,
        Key("until", _DAY, "The last day on which it applies (UTC), at most 90 days after `from`.", required=True),
        Key("policy", Text(filled=True), "The id of a policy that is `impossible`.", required=True),
        Key("evidence", Text(filled=True), "The https address of the evidence.", required=True),
    ),
)
WAIVERS: Final = Record(
    "waivers",
    "Waivers of findings, and attestations for policies that cannot be automated.",
    (
        Key(
            "approvers", _TEXTS, "The people who may approve. If any are named, entries without their approval are not active."
        ),
        Key("waivers", Items(_WAIVER), "The waivers."),
        Key("attestations", Items(_ATTESTATION), "The attestations."),
    ),
)

SEVERITIES: Final = ("critical", "high", "medium", "low", "info")
"""The severities of findings, the worst first."""

_SOURCE = (
    Key("because", Text(filled=True), "The reason.", required=True),
    Key("source", Text(filled=True), "The source: a person, a board, a document.", required=True),
)
_POLICIES = Key("policies", _SOME, "Ids; `*` matches anything within a segment, `**` across segments.", required=True)
_RATING = Record(
    "rating",
    "The severity of findings of some policies. If several name a policy, the last one counts.",
    (
        _POLICIES,
        Key("severity", Choice(SEVERITIES), "The severity.", required=True),
        *_SOURCE,
        Key("vector", Text(filled=True), "The arguments, metric by metric, such as `AV:N/AC:L`."),
        Key("resolveWithin", Text(filled=True), "The time to fix a finding, such as `2d`; after that it is overdue."),
    ),
)
_ADJUSTMENT = (
    Key("scope", _SCOPE, "The findings; without it, all that match `whereAlso`."),
    Key("whereAlso", _SOME, "Ids, as above: only objects that one of these policies finds incompliant, such as exposed ones."),
    Key("by", CountShape(), "The number of levels; never beyond the last one.", required=True),
    *_SOURCE,
    Key("policies", _SOME, "Ids, as above; without them all rated policies."),
)
RATINGS: Final = Record(
    "ratings",
    "The severities of findings, with source and reason. Findings of other policies are not rated.",
    (
        Key("ratings", Items(_RATING), "The ratings."),
        Key("raise", Items(Record("raise", "Findings that are more severe.", _ADJUSTMENT)), "Findings that are more severe."),
        Key("lower", Items(Record("lower", "Findings that are less severe.", _ADJUSTMENT)), "Findings that are less severe."),
    ),
)
