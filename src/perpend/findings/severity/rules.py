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
    "A pattern of the rating matches no policy of the repository: the policy was renamed or removed, or the pattern is "
    "misspelt. Or a severity is raised or lowered, and no matching policy is rated.\n\n"
    "Correct the pattern, or delete it.",
)
RATED_TWICE: Final = Rule(
    "R103",
    "rated-twice",
    Severity.WARNING,
    "Two entries rate one policy, and the later one is in force: files in the order of their paths, entries in the order of "
    "the file. The warning appears if an entry has no effect at all, or if the two are in different files; a pattern followed "
    "by its exceptions in the same file is fine.\n\n"
    "Keep one of them.",
)
NOT_RATED: Final = Rule(
    "R104",
    "policy-not-rated",
    Severity.WARNING,
    "The policy has no severity. That is not an error, and is reported on request only (`perpend ratings lint --unrated`). "
    "With `--fail-on SEVERITY`, findings of the policy fail a build.\n\n"
    "Rate it, with a reason and who says so; or leave it.",
)

RULES: Final = (UNUSABLE, OF_NOTHING, RATED_TWICE, NOT_RATED)
"""All rules of this package, by code."""
