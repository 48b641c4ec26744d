"""The pages of frameworks: how many requirements are met, and the status of each requirement."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Final

from starlette.routing import Route

from perpend.core.dataclass import dataclass
from perpend.core.objects.ids import framework_of
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.requirements import RequirementStatus, section_called
from perpend.findings.history.model import State
from perpend.language.compiler.names import UnknownName
from perpend.reports.site.render.icons import RESULTS
from perpend.server.pages.addresses import framework_address, framework_named, policy_address
from perpend.server.pages.asking import parameters_of
from perpend.server.pages.errors import error_page
from perpend.server.pages.render import address, page
from perpend.server.parameters import Control
from perpend.server.reader import run_of, scope_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from perpend.language.syntax.repository import Repository
    from perpend.server.answers import RequirementRow

INHERITED: Final = Control(
    "inherited", "Whether policies count that reach a requirement only through rules or similar sections.", "no", ("no", "yes")
)
STANDING: Final = Control(
    "standing", "Only requirements of this status.", "", tuple(standing.value for standing in RequirementStatus)
)
ORDER: Final = Control("order", "The order of requirements.", "number", ("number", "failing"))
_LOOKS: Final = {standing.value: look for standing, look in RESULTS.items()}


@dataclass(frozen=True, slots=True)
class SectionHead:
    """A section of a framework, with its requirements by status."""

    section_id: str
    number: str
    name: str
    standings: Mapping[str, int]


def compliance(request: Request) -> Response:
    """Show all frameworks."""
    served, parameters = run_of(request), parameters_of(request, (INHERITED,), ())
    inherited = parameters.text(INHERITED) == "yes"
    answer = served.views.compliance(scope_of(request), inherited=inherited)
    return page(
        request,
        "compliance.html",
        served=served,
        frameworks=answer.frameworks,
        inherited=inherited,
        looks=_LOOKS,
        framework_address=framework_address,
    )


def framework(request: Request) -> Response:
    """Show a framework or a section of one with its requirements."""
    served, parameters = run_of(request), parameters_of(request, (INHERITED, STANDING, ORDER), ())
    inherited, standing, order = parameters.text(INHERITED) == "yes", parameters.text(STANDING), parameters.text(ORDER)
    name = framework_named(request.path_params["name"])
    try:
        answer = served.views.compliance(scope_of(request), name, inherited=inherited)
    except UnknownName as error:
        return error_page(request, 404, str(error))
    requirements = _in_order([one for one in answer.requirements if not standing or one.standing == standing], order)
    return page(
        request,
        "framework.html",
        served=served,
        framework=answer.frameworks[0],
        requirements=requirements,
        sections=_by_section(served.views.state.repository, requirements) if order == ORDER.default else [(None, requirements)],
        order=order,
        findings_address=_findings_address,
        inherited=inherited,
        standing=standing,
        looks=_LOOKS,
        framework_address=framework_address,
        policy_address=policy_address,
    )


def _in_order(requirements: list[RequirementRow], order: str) -> list[RequirementRow]:
    """Return requirements in the order of the framework, or those with the most failing verdicts first."""
    if order == ORDER.default:
        return requirements
    return sorted(requirements, key=lambda row: -row.counts.get(Status.INCOMPLIANT.value, 0))


def _by_section(
    repository: Repository, requirements: Sequence[RequirementRow]
) -> list[tuple[SectionHead | None, list[RequirementRow]]]:
    """Return requirements by the section that they are in, in their order. Those at the top of a framework have no head."""
    grouped = []
    for section_id, rows in groupby(requirements, lambda row: row.requirement_id.rpartition("/")[0]):
        listed, head = [*rows], None
        if framework_of(section_id) != section_id:
            numbers = Counter(row.standing for row in listed)
            standings = {standing.value: numbers[standing.value] for standing in RequirementStatus if numbers[standing.value]}
            head = SectionHead(section_id, *section_called(section_id, repository), standings)
        grouped.append((head, listed))
    return grouped


def _findings_address(requirement: RequirementRow) -> str:
    """Return the address of the findings of a requirement's policies."""
    policies = [policy.policy_id for policy in requirement.policies if policy.evaluated]
    return address("/findings", policy=policies, life=[life.value for life in (State.OPEN, State.UNCONFIRMED, State.UNKNOWN)])


ROUTES: Final = [Route("/compliance", compliance), Route("/compliance/{name:path}", framework)]
