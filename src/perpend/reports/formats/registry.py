"""The values of ``--format``, with the commands that write each, and their properties."""

from __future__ import annotations

from typing import Final

from perpend.core.dataclass import dataclass

REFERENCES: Final = ("findings", "all")
"""The values of ``--references``: those of incompliant and undetermined verdicts, with long values cut, or all in full."""


@dataclass(frozen=True, slots=True)
class OutputForm:
    """A value of ``--format``.

    ``lists_findings``: it is written from single findings, so that any command with findings can write it. ``to_file``: it is
    not text and requires ``--out``. ``is_page``: it is not printed on a terminal. ``counts_all``: it contains all verdicts, so
    filters are rejected. ``options`` are accepted only with forms that name them.
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
        OutputForm("json", options=("--references",)),
        OutputForm("ndjson", options=("--references",)),
        OutputForm("csv", options=("--references",)),
        OutputForm("parquet", to_file=True),
        OutputForm("junit", counts_all=True),
        OutputForm("html", is_page=True),
        OutputForm("ocsf", lists_findings=True, options=("--all", "--ocsf-version")),
        OutputForm("ocsf-parquet", lists_findings=True, to_file=True, options=("--all", "--ocsf-version")),
        OutputForm("asff", lists_findings=True, options=("--all", "--unrated")),
        OutputForm("sarif", lists_findings=True, options=("--all", "--github")),
        OutputForm("markdown"),
        OutputForm("github"),
        OutputForm("oscal-ar", counts_all=True),
        OutputForm("oscal-poam", lists_findings=True),
    )
}
"""All forms of findings, by name, in the order of the help text."""

_PLAIN: Final = ("text", "json")
_LISTS: Final = tuple(form.name for form in FORMS.values() if form.lists_findings)

WRITES: Final = {
    "check": tuple(FORMS),
    "findings": ("table", "json", "ndjson", "csv", "junit", *_LISTS, "markdown"),
    "diff": ("text", "json", "ndjson", "csv", "junit", *_LISTS, "markdown"),
    "diff --policies": (*_PLAIN, "markdown"),
    "compliance": (*_PLAIN, "ndjson", "csv", "junit", "oscal-ar"),
    "trend": (*_PLAIN, "ndjson", "csv", "markdown"),
    "history": (*_PLAIN, "ndjson", "csv"),
    "inventory sql": ("table", "csv", "json"),
    "permissions": ("table", "json"),
    "remediate": ("sh", "json", "terraform", "markdown"),
    "lint": (*_PLAIN, "github", "sarif"),
    "test": (*_PLAIN, "junit", "html"),
    "plan": ("tree", "sql", "mermaid"),
    **dict.fromkeys(("analyze-policy", "config", "evidence", "explain", "list", "search", "severity", "waivers"), _PLAIN),
}
"""The forms that each command writes, the default one first. ``permissions`` also writes those of each cloud."""


def forms_with(option: str) -> list[str]:
    """Return the names of the forms that accept an option."""
    return [form.name for form in FORMS.values() if option in form.options]
