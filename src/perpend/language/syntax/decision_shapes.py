"""The shapes of files with decisions on findings: waivers and severities."""

from __future__ import annotations

from typing import Final

from perpend.core.objects.status import Status
from perpend.language.syntax.shapes import Choice, Count, Flag, Items, Key, Record, Text

_TEXTS: Final = Items(Text(filled=True))

WAIVER_KINDS: Final = ("accepted-risk", "false-positive", "compensating-control", "planned-fix")
"""The reasons to waive a finding."""

_DAY = Text(filled=True)
_SOME = Items(Text(filled=True), filled=True)
_ABOUT = (
    Key("id", Text(filled=True), "What it is called in every output; unique for ever.", required=True),
    Key("reason", Text(filled=True), "Why.", required=True),
    Key("owner", Text(filled=True), "Who answers for it.", required=True),
    Key("approvedBy", Text(filled=True), "Who has agreed; required where `approvers` are named, and then not the owner."),
    Key("from", _DAY, "The first day on which it holds, such as 2026-11-01 (UTC); without it, always."),
)
_NOT_KEPT = (
    "what objects hold is not kept with findings, so nobody could say later what it covers: name `accounts`, `objects`, `names`"
)
_NO_TAGS = "no object type says which of its fields holds tags, so it would cover nothing: name `accounts`, `objects`, `names`"
_SCOPE = Record(
    "scope",
    "Which findings: every key must hold, a list means any of it.",
    (
        Key("accounts", _SOME, "Accounts by their numbers."),
        Key("regions", _SOME, "Regions."),
        Key("types", _SOME, "API names of object types."),
        Key("objects", _SOME, "Ids or external ids; `*` is anything."),
        Key("names", _SOME, "Names of objects; `*` is anything."),
    ),
    lacks=(("tags", _NO_TAGS), ("where", _NOT_KEPT)),
)
_COVERED = Items(Choice((Status.INCOMPLIANT.value, Status.UNDETERMINED.value)), filled=True)
_WAIVER = Record(
    "waiver",
    "Findings that stay what they are, and that somebody answers for until a day.",
    (
        *_ABOUT,
        Key("until", _DAY, "The last day on which it holds (UTC)."),
        Key("forever", Flag(), "In place of `until`, for an accepted risk only; it warns for ever."),
        Key("kind", Choice(WAIVER_KINDS), "What kind of reason it is.", required=True),
        Key("ticket", Text(filled=True), "Where it is followed up."),
        Key("limit", Count(), "How many findings it covers at most; over it, it covers none.", required=True),
        Key("policies", _SOME, "Ids; `*` is anything within a segment, `**` across segments.", required=True),
        Key("scope", _SCOPE, "Which findings of these policies; without it, all."),
        Key("statuses", _COVERED, "Verdicts that it covers: INCOMPLIANT, unless UNDETERMINED is named."),
    ),
)
_ATTESTATION = Record(
    "attestation",
    "What somebody attests of a policy that cannot be automated. It is never a verdict.",
    (
        *_ABOUT,
        Key("until", _DAY, "The last day on which it holds (UTC), at most 90 days after `from`.", required=True),
        Key("policy", Text(filled=True), "The id of a policy that is `impossible`.", required=True),
        Key("evidence", Text(filled=True), "Where the evidence is: an address that begins with https.", required=True),
    ),
)
WAIVERS: Final = Record(
    "waivers",
    "Findings that somebody answers for, and what people attest where no policy can judge.",
    (
        Key("approvers", _TEXTS, "Who may approve. Where any are named, what none of them has approved is not in force."),
        Key("waivers", Items(_WAIVER), "The waivers."),
        Key("attestations", Items(_ATTESTATION), "The attestations."),
    ),
)

SEVERITIES: Final = ("critical", "high", "medium", "low", "info")
"""The severities of findings, the worst first."""

_SAID = (
    Key("because", Text(filled=True), "Why.", required=True),
    Key("source", Text(filled=True), "Who says so: a person, a board, a document.", required=True),
)
_RATED = Key("policies", _SOME, "Ids; `*` is anything within a segment, `**` across segments.", required=True)
_RATING = Record(
    "rating",
    "How severe it is where policies find an object incompliant. Of two that name a policy the later one holds.",
    (
        _RATED,
        Key("severity", Choice(SEVERITIES), "How severe.", required=True),
        *_SAID,
        Key("vector", Text(filled=True), "How that was argued, metric by metric, such as `AV:N/AC:L`."),
        Key("resolveWithin", Text(filled=True), "Within what time it is to be mended, such as `2d`; later it is overdue."),
    ),
)
_SHIFT = (
    Key("scope", _SCOPE, "Which findings; all where it is not there, and `whereAlso` is."),
    Key(
        "whereAlso", _SOME, "Ids, as above: only of objects that one of these policies finds incompliant, such as exposed ones."
    ),
    Key("by", Count(), "By how many levels; never beyond the last one.", required=True),
    *_SAID,
    Key("policies", _SOME, "Ids, as above; without them all policies that are rated."),
)
RATINGS: Final = Record(
    "ratings",
    "How severe findings are, who says so and why. What nobody has rated is not rated.",
    (
        Key("ratings", Items(_RATING), "The ratings."),
        Key("raise", Items(Record("raise", "Findings that are more severe where they are.", _SHIFT)), "What is more severe."),
        Key("lower", Items(Record("lower", "Findings that are less severe where they are.", _SHIFT)), "What is less severe."),
    ),
)
