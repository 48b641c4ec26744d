"""Rules for unusual ratings. Each rule is a page of ``perpend rule``."""

from __future__ import annotations

from typing import Final

from perpend.core.diagnostics.model import Rule, Severity

UNUSABLE: Final = Rule(
    "R101",
    "rating-unusable",
    Severity.ERROR,
    "A rating cannot be what it says: a length of time or a vector that is none, a list that names nothing, a pattern that is "
    "longer or has more `*` than is read, a text without end. Nothing is done with any of them, for a severity that is left "
    "out could let a build pass.\n\n"
    "Correct the value at the place shown, or take the entry out. `perpend severity lint` reads them all.",
)
OF_NOTHING: Final = Rule(
    "R102",
    "rating-of-nothing",
    Severity.WARNING,
    "The repository has no policy that a pattern of the rating means: it was renamed or removed, or the pattern is misspelt. "
    "Or a severity is raised or lowered where no policy is rated.\n\n"
    "Correct the pattern, or delete it.",
)
RATED_TWICE: Final = Rule(
    "R103",
    "rated-twice",
    Severity.WARNING,
    "Two entries rate one policy, and the later one holds: files by their paths, entries as they stand there. Told where an "
    "entry rates nothing that is not rated again, and where the two stand in different files; a pattern followed by its "
    "exceptions in the same file is not told.\n\n"
    "Keep one of them.",
)
NOT_RATED: Final = Rule(
    "R104",
    "policy-not-rated",
    Severity.WARNING,
    "Nobody has said how severe it is where the policy finds an object incompliant. That is no fault, and is told on request "
    "only (`perpend severity lint --unrated`). With `--fail-on SEVERITY` it fails a build all the same.\n\n"
    "Rate it, with a reason and who says so; or leave it.",
)

RULES: Final = (UNUSABLE, OF_NOTHING, RATED_TWICE, NOT_RATED)
"""All rules of this room, by code."""
