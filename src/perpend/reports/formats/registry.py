"""The values of ``--format``, declared once for all commands: which command writes which, and what forms of findings ask for.

Refuses to know how a form is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class OutputForm:
    """One value of ``--format``.

    ``lists_findings``: it is written from findings one by one, so that any command which has some can write it.
    ``to_file``: it is no text and goes with ``--out``. ``is_page``: a terminal shows nothing of it.
    ``counts_all``: it tells of all verdicts, so filters do not go with it.
    ``options`` are options that go with it, and with others only where they name them as well.
    """

    name: str
    lists_findings: bool = False
    to_file: bool = False
    is_page: bool = False
    counts_all: bool = False
    options: tuple[str, ...] = ()


FORMS: Final = {
    form.name: form
    for form in (
        OutputForm("table", options=("--summary", "--quiet")),
        OutputForm("json"),
        OutputForm("ndjson", options=("--compact",)),
        OutputForm("csv"),
        OutputForm("parquet", to_file=True),
        OutputForm("junit", counts_all=True),
        OutputForm("html", is_page=True),
        OutputForm("ocsf", lists_findings=True, options=("--all", "--ocsf-version")),
        OutputForm("ocsf-parquet", lists_findings=True, to_file=True, options=("--all", "--ocsf-version")),
        OutputForm("asff", lists_findings=True, options=("--all", "--unrated")),
        OutputForm("sarif", lists_findings=True, options=("--all", "--github")),
        OutputForm("markdown"),
        OutputForm("oscal-ar", counts_all=True),
        OutputForm("oscal-poam", lists_findings=True),
    )
}
"""All forms that findings are written in by name, in the order of help."""

_PLAIN: Final = ("text", "json")
_LISTS: Final = tuple(form.name for form in FORMS.values() if form.lists_findings)

WRITES: Final = {
    "check": tuple(FORMS),
    "findings": ("table", "json", "ndjson", "csv", "junit", *_LISTS, "markdown"),
    "diff": ("text", "json", "ndjson", "csv", "junit", *_LISTS, "markdown"),
    "diff --policies": (*_PLAIN, "markdown"),
    "scorecard": (*_PLAIN, "ndjson", "csv", "junit", "oscal-ar"),
    "trend": (*_PLAIN, "ndjson", "csv", "markdown"),
    "history": (*_PLAIN, "ndjson", "csv"),
    "inventory sql": ("table", "csv", "json"),
    "permissions": ("table", "iam-policy", "json", "terraform", "cloudformation"),
    "remediate": ("sh", "json", "terraform", "markdown"),
    "lint": (*_PLAIN, "github", "sarif"),
    "test": (*_PLAIN, "junit", "html"),
    "plan": ("tree", "sql", "mermaid"),
    **dict.fromkeys(("access", "config", "explain", "list", "pack", "ratings", "search", "waivers"), _PLAIN),
}
"""What each command writes, by its name: what it writes unless told otherwise comes first."""


def forms_with(option: str) -> list[str]:
    """Return the names of the forms that an option goes with."""
    return [form.name for form in FORMS.values() if option in form.options]
