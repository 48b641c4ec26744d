"""The pages of saved views: their list, and the address that leads to the findings of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import RedirectResponse
from starlette.routing import Route

from perpend.server.pages.asking import parameters_of
from perpend.server.pages.errors import error_page
from perpend.server.pages.render import page
from perpend.server.reader import run_of
from perpend.server.views.saved_views import FOLDER, saved_views, stamps_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from perpend.server.answers import SavedView
    from perpend.server.served_store import ServedRun


def views_of(served: ServedRun) -> tuple[SavedView, ...]:
    """Return the saved views of the repository, with the files that cannot be used. Only changed files are read again."""
    repository = served.views.state.repository
    return served.views.cached(("saved views", stamps_of(repository)), lambda: saved_views(repository))


def view_address(view: SavedView) -> str:
    """Return the address of the findings of a view."""
    return f"/findings?{view.query}" if view.query else "/findings"


def saved(request: Request) -> Response:
    """Show the saved views, and the files that cannot be used with the reason."""
    served = run_of(request)
    parameters_of(request, (), ())
    views = views_of(served)
    return page(
        request,
        "saved.html",
        served=served,
        views=[view for view in views if view.problem is None],
        problems=[view for view in views if view.problem is not None],
        folder=FOLDER,
        view_address=view_address,
    )


def saved_view(request: Request) -> Response:
    """Go to the findings of a saved view."""
    parameters_of(request, (), ())
    name = request.path_params["name"]
    views = views_of(run_of(request))
    view = next((view for view in views if view.name == name and view.problem is None), None)
    if view is None:
        return error_page(request, 404, "The repository has no saved view of this name. The list at /saved has all.")
    return RedirectResponse(view_address(view), 307)


ROUTES: Final = [Route("/saved", saved), Route("/saved/{name}", saved_view)]
