"""Rules for unusual waivers. Each rule is a page of ``perpend rule``."""

from __future__ import annotations

from typing import Final

from perpend.core.diagnostics.model import Rule, Severity

UNUSABLE: Final = Rule(
    "W101",
    "waiver-unusable",
    Severity.ERROR,
    "A waiver or an attestation cannot be what it says: no such day, an end before its beginning, neither `until` nor "
    "`forever`, an id that another one has, a list that names nothing, a pattern that is longer or has more `*` than is read, "
    "an attestation for more than 90 days. Nothing is judged with it, for what it should have covered would be anybody's "
    "guess.\n\n"
    "Correct the value at the place shown, or take the entry out. `perpend waivers lint` reads them all.",
)
EXPIRED: Final = Rule(
    "W102",
    "waiver-expired",
    Severity.WARNING,
    "The last day of the waiver lies before the day of the run. Its findings count as incompliant again.\n\n"
    "Fix the waived findings, or agree on a new day with an approver and set it as `until`.",
)
ENDS_SOON: Final = Rule(
    "W103",
    "waiver-ends-soon",
    Severity.WARNING,
    "The waiver ends within 14 days; from then on its findings count. A waiver that never ends is reported with every run.\n\n"
    "Fix the waived findings before that day.",
)
UNUSED: Final = Rule(
    "W104",
    "waiver-unused",
    Severity.WARNING,
    "The waiver covers nothing, and the message says why: its policy does not exist, its objects were deleted, or its findings "
    "are resolved. There is no warning if its policy was not evaluated or its account was not collected.\n\n"
    "Correct the waiver, or delete it.",
)
OVERBROAD: Final = Rule(
    "W105",
    "waiver-overbroad",
    Severity.WARNING,
    "The waiver covers more than one decision can mean: policies by a pattern and no scope, a `**`, more than half of a "
    "policy's findings; or it would cover more findings than its `limit`: then it covers none.\n\n"
    "Name policies, accounts, objects. Raise `limit` only after looking at what would be covered: `perpend waivers try`.",
)
OVERLAPPING: Final = Rule(
    "W106",
    "waivers-overlap",
    Severity.WARNING,
    "Two waivers cover the same findings. The one that ends first is shown, because its end needs a decision.\n\n"
    "Keep one of them, or narrow their scopes.",
)
NOT_APPROVED: Final = Rule(
    "W107",
    "waiver-not-approved",
    Severity.WARNING,
    "The waiver is approved by its own owner, or, where the files name `approvers`, by none of them: then it is not in force."
    "\n\nHave one of the approvers agree, in the review, and name them as `approvedBy`.",
)
CONTRARY: Final = Rule(
    "W108",
    "attestation-ended",
    Severity.WARNING,
    "The attestation is not valid: it has ended, its policy does not exist, or the policy is automated now, so that its "
    "verdicts count.\n\n"
    "Delete it, or have the evidence reviewed again.",
)
OTHER_VALUES: Final = Rule(
    "W109",
    "waiver-other-values",
    Severity.WARNING,
    "The waiver was written when a parameter of its policy had another value than the one in use. It covers the same findings, "
    "but they may mean something else now: 200 days were accepted with a limit of 180, and the limit is 30.\n\n"
    "Review the waiver with its approver. Write the value in use under `parameters`, or delete the waiver.",
)

RULES: Final = (UNUSABLE, EXPIRED, ENDS_SOON, UNUSED, OVERBROAD, OVERLAPPING, NOT_APPROVED, CONTRARY, OTHER_VALUES)
"""All rules of this package, by code."""
