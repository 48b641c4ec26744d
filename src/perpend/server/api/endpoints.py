"""Declare the addresses of the API, each with its parameters and answer: routes and the OpenAPI document derive from them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.findings.filters import ACCOUNT, OF_FINDINGS
from perpend.server.answers import (
    ChangePage,
    Compliance,
    Facets,
    FindingGroups,
    FindingPage,
    FindingRow,
    RunPage,
    Summary,
)
from perpend.server.parameters import BY, EXPORT_ORDER, LIMIT, NEXT, PAGES, Control

if TYPE_CHECKING:
    from perpend.findings.filters import FilterDeclaration

API: Final = "/api/v1"

BEFORE: Final = Control("before", "The earlier run: a number, or the beginning of a snapshot's id. Default: the one before.")
AFTER: Final = Control("after", "The later run: a number, `last`, or the beginning of a snapshot's id. Default: the newest.")
FRAMEWORK: Final = Control(
    "framework", "A framework or a section of it; may be repeated. Without it, all frameworks are meant.", repeatable=True
)
ONE_FRAMEWORK: Final = replace(FRAMEWORK, sentence="A framework, or a section of it.", repeatable=False)
INHERITED: Final = Control(
    "inherited", "Count policies that reach a requirement through rules or similar sections, too.", "no", ("no", "yes")
)

EXPORTS: Final = {
    "ndjson": "application/x-ndjson",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
}
"""The media types of the formats of findings."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address. ``name`` is its operation, ``sentence`` describes it, ``answer`` is the class of its answer.

    An export has a ``format`` instead of a class. ``variable`` is the part of the path in braces, with its pattern.
    """

    path: str
    name: str
    sentence: str
    answer: type[Any] | None = None
    filters: tuple[FilterDeclaration, ...] = ()
    controls: tuple[Control, ...] = ()
    format: str | None = None
    variable: tuple[str, str] | None = None

    @property
    def media_type(self) -> str:
        """The media type of the answer."""
        return EXPORTS[self.format] if self.format else "application/json"


ENDPOINTS: Final = (
    Endpoint("/summary", "summary", "The state of the store after its last run.", Summary),
    Endpoint("/findings", "findings", "A page of findings; without a state, of open ones.", FindingPage, OF_FINDINGS, PAGES),
    *(
        Endpoint(
            f"/findings.{format}",
            f"findings_{format}",
            "All chosen findings, with the columns and the order of `perpend findings`.",
            filters=OF_FINDINGS,
            controls=(EXPORT_ORDER,),
            format=format,
        )
        for format in EXPORTS
    ),
    Endpoint(
        "/findings/{finding_id}",
        "finding",
        "One finding, of any state.",
        FindingRow,
        variable=("finding_id", "^[0-9a-f]{32}$"),
    ),
    Endpoint("/facets", "facets", "The numbers of the chosen findings by the values of each facet.", Facets, OF_FINDINGS),
    Endpoint("/groups", "groups", "The chosen findings in groups.", FindingGroups, OF_FINDINGS, (BY, LIMIT)),
    Endpoint("/runs", "runs", "The runs of the history, the newest first.", RunPage, controls=(LIMIT, NEXT)),
    Endpoint(
        "/diff",
        "diff",
        "A page of the findings that differ between two runs; by default the last two.",
        ChangePage,
        controls=(BEFORE, AFTER, LIMIT, NEXT),
    ),
    Endpoint(
        "/diff.ndjson",
        "diff_ndjson",
        "All findings that differ between two runs, with the columns of `perpend diff`.",
        controls=(BEFORE, AFTER),
        format="ndjson",
    ),
    Endpoint(
        "/compliance",
        "compliance",
        "Frameworks with the numbers of their requirements by status; of one framework, with its requirements.",
        Compliance,
        controls=(ONE_FRAMEWORK, INHERITED),
    ),
    Endpoint(
        "/compliance.ndjson",
        "compliance_ndjson",
        "The requirements of frameworks, with the columns of `perpend compliance`.",
        filters=(ACCOUNT,),
        controls=(FRAMEWORK, INHERITED),
        format="ndjson",
    ),
)
"""The addresses of the API, except the one of its description."""
