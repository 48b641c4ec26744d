"""What can be wrong with the tests of a policy. Each rule is a page of ``perpend rule``."""

from __future__ import annotations

from typing import Final

from perpend.core.diagnostics.model import Rule, Severity

SURVIVOR: Final = Rule(
    "T101",
    "surviving-mutant",
    Severity.WARNING,
    "The program was changed at this place, and no test object noticed: each still ends as before. So no test proves that "
    "the place says what it should.\n\nAdd the test object that is shown to the test data, and look at what it expects: "
    "that is what the policy says today. Where no object can tell the two apart, list the mutant with the reason in "
    "`equivalent-mutants.json` beside the policy.",
)

RULES: Final[tuple[Rule, ...]] = (SURVIVOR,)
"""All rules of this module, by code."""
