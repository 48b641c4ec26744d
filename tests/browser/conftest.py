"""A browser, a site of the library and a server for it, each made once. Without a browser these tests are skipped.

The browser ends with the last of these tests: all that runs in a process beside its open driver takes three times as long.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

import pytest

from perpend.language.syntax import repository
from tests.browser.pages import CHANGEABLE, Visit, build
from tests.sampled import part_of_library
from tests.sites import leave_out_operations

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CORPUS = "PERPEND_CORPUS"
REQUIRED = "PERPEND_BROWSER_TESTS"


def missing(what: str) -> NoReturn:
    """Skip a test, or fail it where the environment says that these tests must run."""
    if os.environ.get(REQUIRED) == "required":
        pytest.fail(what)
    pytest.skip(what)


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Passes over a browser that has left, as browsers do; its complaint would end up in the output of another test."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell of anything else."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def served(directory: Path) -> Iterator[str]:
    """Yield the address at which a directory is served, without the last slash."""
    server = Server(("127.0.0.1", 0), partial(Quiet, directory=str(directory)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    binary = next(filter(None, map(shutil.which, BROWSERS)), None)
    if binary is None:
        missing("no Chromium is installed: apt-get install chromium")
    for package in ("playwright", "axe_playwright_python", "jinja2", "pagefind_bin_extended"):
        if find_spec(package) is None:
            missing(f"{package} is not installed: pip install 'perpend[dev]'")
    driver = import_module("playwright.sync_api")
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def library_site(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("library")
    part = part_of_library(directory / "library", "cis-aws-v[3-6]*")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(repository, "library", lambda: part)
        leave_out_operations(monkeypatch)
        return build(None, directory / "site")


@pytest.fixture(scope="package")
def origin(library_site: Path) -> Iterator[str]:
    with served(library_site) as address:
        yield address


@pytest.fixture(scope="package")
def corpus_origin(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not os.environ.get(CORPUS):
        pytest.skip(f"{CORPUS} names no repository")
    with served(build(Path(os.environ[CORPUS]), tmp_path_factory.mktemp("corpus") / "site")) as address:
        yield address


@pytest.fixture(scope="package")
def windows(browser: Any) -> Iterator[dict[tuple[Any, ...], Visit]]:
    """Windows by what cannot be changed once they are open: tests go from page to page in them, one after the other."""
    kept: dict[tuple[Any, ...], Visit] = {}
    yield kept
    for one in kept.values():
        one.close()


def gone_to(browser: Any, windows: dict[tuple[Any, ...], Visit], address: str, settings: dict[str, Any]) -> Visit:
    """Go to an address in the window that has these settings, or open it."""
    fixed = tuple(sorted((name, repr(value)) for name, value in settings.items() if name not in CHANGEABLE))
    if fixed in windows:
        windows[fixed].anew(address, settings)
    else:
        windows[fixed] = Visit(browser, address, settings)
    return windows[fixed]


@pytest.fixture
def visit(browser: Any, windows: dict[tuple[Any, ...], Visit]) -> Iterator[Callable[..., Visit]]:
    """Return a function that goes to an address as for the first time; at the end, windows must have been quiet and at home."""

    yield lambda address, **settings: gone_to(browser, windows, address, settings)
    complaints = [complaint for one in windows.values() for complaint in one.complaints]
    for one in windows.values():
        one.complaints.clear()
    assert [] == complaints


@contextmanager
def opened(browser: Any, address: str, **settings: Any) -> Iterator[Visit]:
    """Yield a visit for several tests, which must have been quiet and at home in the end."""
    visit = Visit(browser, address, settings)
    yield visit
    visit.close()
    assert [] == visit.complaints
