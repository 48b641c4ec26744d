"""The small repository of the tests of sites, as a book."""

from __future__ import annotations

from pathlib import Path

import pytest

from perpend.reports.site.content.site_model import SiteModel
from tests.sites import book_of, files


@pytest.fixture
def book(tmp_path: Path) -> SiteModel:
    return book_of(tmp_path, files())
