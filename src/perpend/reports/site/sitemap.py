"""Write a sitemap of all pages for search engines. Source: the sitemap protocol, sitemaps.org."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from perpend.reports.site.manifest import MARK
from perpend.reports.site.render.addresses import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST: Final = 50_000
"""The maximum number of addresses of a file."""

_HEAD: Final = f'<?xml version="1.0" encoding="UTF-8"?>\n<!-- {MARK}` -->\n'
_SPACE: Final = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def sitemap(paths: Iterable[str], base_url: str) -> dict[str, str]:
    """Return the files of a sitemap by name. Addresses are absolute if ``base_url`` is known, else relative."""
    base = f"{base_url.rstrip('/')}/" if base_url else ""
    addresses = [f"{base}{quoted(path).removesuffix('index.html')}" or "./" for path in sorted(paths)]
    parts = [addresses[start : start + MOST] for start in range(0, len(addresses), MOST)] or [[]]
    if len(parts) == 1:
        return {"sitemap.xml": _set(parts[0])}
    files = {f"sitemap-{number}.xml": _set(part) for number, part in enumerate(parts, 1)}
    entries = "".join(f"<sitemap><loc>{escape(base + name)}</loc></sitemap>\n" for name in files)
    return {"sitemap.xml": f"{_HEAD}<sitemapindex {_SPACE}>\n{entries}</sitemapindex>\n", **files}


def _set(addresses: list[str]) -> str:
    entries = "".join(f"<url><loc>{escape(address)}</loc></url>\n" for address in addresses)
    return f"{_HEAD}<urlset {_SPACE}>\n{entries}</urlset>\n"
