"""The documents run: every command they show exits as annotated, and the output they show is part of the real output.

``$ command`` lines of ```` ```console ```` blocks run in order, each document in a directory of its own that holds
``examples/`` and a part of the library. ``# exit 1`` behind a command is its exit code, 0 without it. Blocks with ``title="path"``
are written there first.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from perpend.cli.app import main
from perpend.inventory.snapshots.manifest import FORMAT
from perpend.language.syntax import repository
from tests.docs.shown import SHOWN
from tests.sampled import FEW, part_of_library
from tests.sites import leave_out_operations

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    str(path.relative_to(ROOT)) for pattern in ("*.md", "docs/**/*.md", "spec/*.md") for path in ROOT.glob(pattern)
)
SHELL = {"perpend", "cat", "cp", "cut", "echo", "gzip", "head", "mkdir", "printf", "rm", "sed", "tail", "test", "wc"}
ELSEWHERE = {"aws", "git", "make", "pip", "pipx", "python", "python3", "source", "terraform", "."}
"""Commands that documents show for people only: they install, build or ask a cloud. CI runs the make targets by itself."""

COLUMNS = "100"
_FENCE = re.compile(r'^```(?P<language>\w*)(?: +title="(?P<title>[^"]+)")?\n(?P<body>.*?)^```$', re.MULTILINE | re.DOTALL)
_EXIT = re.compile(r"\s+# exit (\d+)$")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_SHELL_SIGNS = set("|<>&;$`*?~(){}")


@dataclass(slots=True)
class Command:
    """One command as a document shows it."""

    line: str
    exit_code: int = 0
    output: list[str] = field(default_factory=list)

    @property
    def runs_here(self) -> bool:
        first = self.line.split()[0]
        assert first in SHELL | ELSEWHERE, f"no document may show `{first}` before this test knows it"
        return first in SHELL


def steps(text: str) -> list[Command | tuple[str, str]]:
    """Return what a document asks for in order: commands, and files as ``(path, content)``."""
    found: list[Command | tuple[str, str]] = []
    for fence in _FENCE.finditer(text):
        if fence["title"]:
            found.append((fence["title"], fence["body"]))
        elif fence["language"] == "console":
            found += commands(fence["body"])
    return found


def commands(block: str) -> list[Command]:
    """Return the commands of a console block, each with the output shown below it."""
    found: list[Command] = []
    for line in block.replace("\\\n> ", "").splitlines():
        if line.startswith("$ "):
            code = _EXIT.search(line)
            found.append(Command(_EXIT.sub("", line[2:]), int(code[1]) if code else 0))
        else:
            assert found, f"a console block starts with output: {line}"
            found[-1].output.append(line)
    return found


def run(line: str) -> tuple[int, str]:
    """Run a command and return its exit code and all that it printed; Perpend runs in this process unless a shell is needed."""
    if not line.startswith("perpend ") or _SHELL_SIGNS & set(re.sub(r"'[^']*'", "", line)):
        done = subprocess.run(["bash", "-c", line], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout.decode()
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
    with redirect_stdout(printed), redirect_stderr(printed), pytest.raises(SystemExit) as ended:
        main(shlex.split(line)[1:])
    printed.flush()
    return int(ended.value.code or 0), printed.buffer.getvalue().decode()


def missing_line(shown: list[str], printed: str) -> str | None:
    """Return the first line of a document's output that the real output lacks in this order, None where all are there.

    White space is folded, so wrapping does not count. ``…`` stands for anything; a line that starts with it is a remark.
    """
    text, place = " ".join(printed.split()), 0
    for line in shown:
        for piece in [] if line.lstrip().startswith("…") else line.split("…"):
            wanted = " ".join(piece.split())
            found = text.find(wanted, place)
            if found < 0:
                return line
            place = found + len(wanted)
    return None


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", COLUMNS)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "PERPEND_CONFIG", "PERPEND_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


WITH_COMMANDS = [name for name in DOCUMENTS if "```console" in (ROOT / name).read_text("utf-8")]


BUILDS_SITES = "docs/how-to/build-a-site.md"
TESTS_ALL = re.compile(r"^\$ perpend test --coverage$", re.MULTILINE)


@pytest.mark.parametrize(
    "document",
    [pytest.param(name, marks=pytest.mark.slow if name.startswith("docs/how-to/") else ()) for name in WITH_COMMANDS],
)
def test_commands_do_as_shown(document, workplace, monkeypatch, request):
    text = (ROOT / document).read_text("utf-8")
    if document == BUILDS_SITES:
        request.getfixturevalue("small_library")
        leave_out_operations(monkeypatch)
        part_of_library(workplace / "src/perpend/library", policies=FEW)
    elif TESTS_ALL.search(text):
        part = part_of_library(workplace / "src/perpend/library", "*", SHOWN)
        monkeypatch.setattr(repository, "library", lambda: part)
    elif "src/perpend/library" in text:
        part_of_library(workplace / "src/perpend/library", "*", SHOWN)
    for step in steps(text):
        if isinstance(step, tuple):
            path = workplace / step[0]
            assert workplace in path.resolve().parents
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step[1], "utf-8")
        elif step.runs_here:
            code, printed = run(step.line)
            missing = missing_line(step.output, printed)
            assert (step.exit_code, None) == (code, missing), f"{document}: $ {step.line}\n{printed}"


def test_links_lead_somewhere():
    links = [(ROOT / document, link) for document in DOCUMENTS for link in links_of(ROOT / document)]
    assert len(links) > len(DOCUMENTS)
    assert [] == [f"{path}: {link}" for path, link in links if not leads_somewhere(path, *link.partition("#")[::2])]


def test_the_order_of_reading_names_every_document() -> None:
    """Where it does not, the site's tree has the document last."""
    index = ROOT / "docs/README.md"
    named = {*links_of(index)}
    written = {str(path.relative_to(index.parent)) for path in index.parent.rglob("*.md")} - {index.name}
    assert [] == sorted(name for name in written - named if not name.startswith(("adr/", "reference/operations/")))


def links_of(path: Path) -> list[str]:
    """Return the files and headings that a document leads to."""
    text = _FENCE.sub("", path.read_text("utf-8"))
    return [link for link in _LINK.findall(text) if not re.match(r"[a-z]+:", link)]


def leads_somewhere(path: Path, file: str, heading: str) -> bool:
    """Whether a link of a document leads to a file, and where it names a heading, to one of these."""
    target = path.parent / file if file else path
    return target.exists() and (not heading or target.suffix != ".md" or heading in headings(target))


@cache
def headings(path: Path) -> frozenset[str]:
    """Return how links call the headings of a document: in small letters, with hyphens for blanks, without other signs."""
    text = _FENCE.sub("", path.read_text("utf-8"))
    found = [re.sub(r"[^\w\- ]", "", line).strip().lower().replace(" ", "-") for line in _HEADING.findall(text)]
    return frozenset([*found, *re.findall(r'<a (?:id|name)="([^"]+)"', text)])


def test_the_documents_show_commands():
    assert {"docs/tour.md", "docs/how-to/write-a-policy.md", "docs/how-to/test-a-policy.md"} <= set(WITH_COMMANDS)


def test_the_page_of_upgrades_names_the_format_of_stores() -> None:
    page = (ROOT / "docs/how-to/upgrade.md").read_text("utf-8")
    assert f"`format` in its manifests, {FORMAT} today" in page
    newer = f"it was written by a newer version of Perpend (format {FORMAT + 1}; this version reads {FORMAT}): upgrade Perpend"
    assert newer in page
