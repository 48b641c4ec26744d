"""The environment of the templates of the site and of the server: everything is escaped, hidden characters are written out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from perpend.core.diagnostics.escape import visible
from perpend.reports.site.render.drawing import shown

if TYPE_CHECKING:
    from jinja2 import BaseLoader


def template_environment(loader: BaseLoader) -> Environment:
    """Return an environment with the site's filters."""
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=shown,
        auto_reload=False,
    )
    environment.filters |= {"verbatim": verbatim, "slug": _slug, "basename": _basename}
    return environment


def verbatim(text: str) -> Markup:
    """Return a text of several lines with hidden characters written out."""
    return Markup.escape("\n".join(visible(line) for line in text.split("\n")))


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "part"


def _basename(path: str) -> str:
    """Return the last part of a path. Directories are private, and pages are published."""
    return path.rstrip("/").rpartition("/")[2] or path
