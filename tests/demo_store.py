"""The directory that ``perpend demo`` makes, once for all processes of a test run: ten runs take 40 s of CPU."""

from __future__ import annotations

import fcntl
import io
import shutil
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from perpend.cli.app import main


def made_once(shared: Path) -> Path:
    """Return the directory below ``shared``. The first process makes it, others wait. Nobody may write in it."""
    directory, output = shared / "demo", shared / "demo.txt"
    with (shared / "demo.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not output.exists():
            printed = io.StringIO()
            with redirect_stdout(printed), redirect_stderr(printed), pytest.raises(SystemExit) as ended:
                main(["demo", str(directory)])
            assert ended.value.code == 0, printed.getvalue()
            output.write_text(printed.getvalue(), "utf-8")
    return directory


@pytest.fixture(scope="session")
def demo_directory(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The directory of the demo. Tests that write take ``demo_copy``."""
    base = tmp_path_factory.getbasetemp()
    return made_once(base if worker_id == "master" else base.parent)


@pytest.fixture
def demo_copy(demo_directory: Path, tmp_path: Path) -> Path:
    """A copy of the directory, to write in."""
    return Path(shutil.copytree(demo_directory, tmp_path / "demo"))
