"""The pages of policies: the list with this estate's numbers, and the site's page of each with its numbers above."""

from __future__ import annotations

from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup, escape
from starlette.routing import Route

from perpend.language.compiler.analyzer import Analyzer
from perpend.reports.site.content.links import PageKind
from perpend.reports.site.content.logic import Logics
from perpend.reports.site.content.policy import policy_page
from perpend.reports.site.content.site_model import SiteModel
from perpend.reports.site.render.drawing import Drawing, shown
from perpend.reports.site.render.icons import KINDS, icon
from perpend.reports.site.render.pages import Renderer
from perpend.server.pages.addresses import framework_address, of_policy, policy_address
from perpend.server.pages.asking import parameters_of
from perpend.server.pages.errors import error_page
from perpend.server.pages.render import page
from perpend.server.parameters import Control
from perpend.server.question import Question
from perpend.server.reader import run_of, scope_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from perpend.language.syntax.repository import Repository
    from perpend.reports.site.content.links import Ref
    from perpend.reports.site.content.policy import PolicyPage
    from perpend.server.answers import PolicyRow

SHOW: Final = Control("show", "Which policies.", "all", ("all", "failing", "unknown", "passing", "not-evaluated"))
SEARCH: Final = Control("search", "Words that title, id or service must contain.", None)
SERVICE: Final = Control("service", "Only policies of this service.", None)

_MOST: Final = 300
_MOST_OPEN: Final = 50
"""How many policies are shown before the fold."""

_FINDINGS: Final = 10


def policies(request: Request) -> Response:
    """Show all policies of the repository, those with the most severe failing findings first."""
    served, parameters = run_of(request), parameters_of(request, (SEARCH, SERVICE, SHOW), ())
    rows = served.views.policies(scope_of(request)).policies
    words, service, show = parameters.text(SEARCH).casefold().split(), parameters.text(SERVICE), parameters.text(SHOW)
    chosen = [
        row
        for row in rows
        if (not service or row.service == service)
        and _is_shown(row, show)
        and all(word in f"{row.title} {row.policy_id} {row.service}".casefold() for word in words)
    ]
    return page(
        request,
        "policies.html",
        served=served,
        policies=chosen[:_MOST],
        most_open=_MOST_OPEN,
        left_out=max(len(chosen) - _MOST, 0),
        chosen=len(chosen),
        total=len(rows),
        evaluated=sum(row.evaluated for row in rows),
        failing=sum(bool(row.coverage.failing) for row in rows),
        services=sorted({row.service for row in rows}, key=str.casefold),
        search=parameters.text(SEARCH),
        service=service,
        show=show,
        policy_address=policy_address,
    )


def _is_shown(row: PolicyRow, show: str) -> bool:
    numbers = row.coverage
    return {
        "all": True,
        "failing": bool(numbers.failing),
        "unknown": bool(numbers.unknown),
        "passing": row.evaluated and not row.stale and not numbers.failing and not numbers.unknown,
        "not-evaluated": not row.evaluated,
    }[show]


def policy(request: Request) -> Response:
    """Show a policy: this estate's numbers and findings, then what it says and how it decides."""
    served, scope = run_of(request), scope_of(request)
    parameters_of(request, (), ())
    policy_id = f"/{request.path_params['policy_id'].strip('/')}"
    row = next((row for row in served.views.policies(scope).policies if row.policy_id == policy_id), None)
    if row is None:
        return error_page(request, 404, "Neither the repository nor the history has a policy of this id.")
    findings = served.findings(Question(scope, of_policy(policy_id)), limit=_FINDINGS)
    shown_page = policy_pages(served.views.state.repository).page(policy_id)
    return page(
        request,
        "policy.html",
        served=served,
        policy=row,
        findings=findings,
        left_out=findings.total - len(findings.findings),
        about=shown_page,
        body=policy_pages(served.views.state.repository).body(shown_page) if shown_page else None,
        rating=served.views.state.severities.in_force.of(policy_id),
        in_part=served.views.state.in_part(scope).get(policy_id),
    )


class _SiteModel(SiteModel):
    """The facts of the site. Problems of the repository are left to ``perpend lint``, except errors of the policy itself."""

    problems = ()


class _ServedDrawing(Drawing):
    """Renders parts of the site in a page of the server: policies and frameworks are linked, other pages only named."""

    def href(self, ref: Ref) -> str:
        """Return the address of a page of the server."""
        return policy_address(ref.id) if ref.kind is PageKind.POLICY else framework_address(ref.id)

    def a(self, ref: Ref, text: str | None = None, *, symbol: bool = False, flags: bool = False, code: bool = False) -> Markup:
        """Return a link, or only the name if the server has no such page."""
        if ref.there and ref.kind in _LINKED:
            return super().a(ref, text, symbol=symbol, flags=flags, code=code)
        name = escape(shown(ref.name if text is None else text))
        name = Markup("<code>{}</code>").format(name) if code else name
        return Markup("<span>{}{}</span>").format(icon(KINDS[ref.kind]) if symbol else "", name)


_LINKED: Final = (PageKind.POLICY, PageKind.FRAMEWORK, PageKind.SECTION)


class PolicyPages:
    """The pages of the policies of a repository, each made once."""

    def __init__(self, repository: Repository) -> None:
        self._lock = Lock()
        self._model = _SiteModel(Analyzer(repository))
        self._logics = Logics(self._model)
        self._renderer = Renderer("Perpend", known=lambda *_: None)
        self._pages: dict[str, PolicyPage] = {}

    def page(self, policy_id: str) -> PolicyPage | None:
        """Return the content of the site about a policy, None if the repository does not have it any more."""
        if policy_id not in self._model.repository.policy_ids:
            return None
        with self._lock:
            if policy_id not in self._pages:
                self._pages[policy_id] = policy_page(self._model, self._logics, policy_id)
            return self._pages[policy_id]

    def body(self, about: PolicyPage) -> Markup:
        """Return the page of a policy without its head."""
        with self._lock:
            return self._renderer.policy_body(about, _ServedDrawing("", "/", self._known))

    def _known(self, path: str, base: str) -> str | None:
        """Return the address of the target of a link in prose, without the slash before it."""
        entity = f"/{path}"
        if f"{path}/policy.yaml" in self._model.repository.tree.files:
            return policy_address(entity)[1:]
        return framework_address(entity)[1:] if entity in self._model.sections else None


@lru_cache(maxsize=2)
def policy_pages(repository: Repository) -> PolicyPages:
    """Return the pages of a repository."""
    return PolicyPages(repository)


ROUTES: Final[list[Any]] = [Route("/policies", policies), Route("/policies/{policy_id:path}", policy)]
