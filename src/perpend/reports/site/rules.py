"""What can be wrong with the pages of a site. Each rule is a page of ``perpend rule``."""

from __future__ import annotations

from typing import Final

from perpend.core.diagnostics.model import Rule, Severity


def _error(code: str, name: str, page: str) -> Rule:
    return Rule(code, name, Severity.ERROR, page)


BROKEN_LINK = _error(
    "S101", "broken-link", "A link leads to a page or file that the site does not have.\n\nCorrect it where the page is made."
)
MISSING_ANCHOR = _error(
    "S102", "missing-anchor", "A link leads to a place in a page that has no such place.\n\nCorrect the part behind `#`."
)
MISSING_IMAGE = _error(
    "S103",
    "missing-image",
    "A page shows an image, or loads a script, that the site does not have.\n\nAdd the file or correct the path.",
)
DUPLICATE_ID = _error(
    "S104",
    "duplicate-id",
    "Two elements of a page have the same id, so that links to it and screen readers find only the first.\n\nRename one.",
)
ABSOLUTE_LINK = _error(
    "S105",
    "absolute-link",
    "A link begins at the server's root. It breaks where the site is read from a file or lies below another path.\n\n"
    "Write it relative to the page.",
)
UNREADABLE_PAGE = _error(
    "S106", "unreadable-page", "A page cannot be read, or is larger than any page should be.\n\nBuild it anew."
)

RULES: Final[tuple[Rule, ...]] = (BROKEN_LINK, MISSING_ANCHOR, MISSING_IMAGE, DUPLICATE_ID, ABSOLUTE_LINK, UNREADABLE_PAGE)
"""All rules of this module, by code."""
