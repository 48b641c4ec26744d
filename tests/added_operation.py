"""A copy of the source tree to which CONTRIBUTING's blocks for a new operation were applied, as a reader would."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from textwrap import dedent, indent

from tests.nameless import OF_A_USER

ROOT = Path(__file__).parents[1]
COPIED = ("src", "tests", "spec", "docs", "pyproject.toml")
LEFT_OUT = (("__pycache__",), ("*.pyc.*",))
"""What is not copied; of the source what is just being compiled: modules that are, and that no block changes, need not be anew."""

SECTION = re.compile(r"^## Add an operation\n(.*?)^## ", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^( *)```(?:python|yaml)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
PATH = re.compile(r"`((?:src|spec)/[\w/.-]+\.(?:py|yaml))`")
TABLE = re.compile(r"^(?:COMPILERS|PLANNERS): \w+ = \{\n", re.MULTILINE)
DECLARATIONS = re.compile(r"^OPERATIONS = \(\n", re.MULTILINE)


def blocks() -> list[tuple[str, str]]:
    """Return the blocks of "Add an operation" in order, each with the file that the text before it names last."""
    found = SECTION.search((ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    assert found is not None
    section = found[1]
    return [
        (PATH.findall(section[: block.start()])[-1], dedent(block[2]).strip("\n") + "\n") for block in BLOCK.finditer(section)
    ]


def apply(root: Path) -> None:
    """Write each block where it belongs: a declaration and a table's line into theirs, a function above the table."""
    for path, block in blocks():
        file = root / path
        text = file.read_text("utf-8") if file.exists() else ""
        if path.startswith("spec/"):
            assert not text, f"{path} is there already"
            text = block
        elif block.startswith("def "):
            text = TABLE.sub(lambda start, block=block: f"{block}\n\n{start[0]}", text, count=1)
        elif block.startswith("Operation("):
            text = DECLARATIONS.sub(lambda start, block=block: start[0] + indent(f"{block.rstrip()},\n", "    "), text, count=1)
        else:
            text = TABLE.sub(lambda start, block=block: start[0] + indent(block, "    "), text, count=1)
        assert block.splitlines()[0].strip() in text, f"{path} has no place for this block:\n{block}"
        file.write_text(text, "utf-8")


def copied(root: Path) -> Path:
    """Return a copy of the source tree with the operation added and its page written."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns(*LEFT_OUT[name == "src"]))
        else:
            shutil.copy(ROOT / name, root / name)
    apply(root)
    done = python(root, "-m", "perpend.language.syntax.reference", "docs/reference/operations")
    assert 0 == done.returncode, done.stderr
    return root


def python(root: Path, *arguments: str, told: str = "", user: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """Run Python over the copy's own source, in the copy, whose lines nobody counts.

    ``told`` is what it reads, ``user`` the command that makes it another user's.
    """
    known = {name: value for name, value in os.environ.items() if not name.startswith("SLIPCOVER_")}
    known = {name: value for name, value in known.items() if not user or name not in OF_A_USER}
    environment = {**known, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}", "PYTHONDONTWRITEBYTECODE": ""}
    return subprocess.run(
        [*user, sys.executable, *arguments], cwd=root, env=environment, input=told, capture_output=True, text=True, check=False
    )


COMMANDS = """
import contextlib, io, json, sys
from perpend.cli.app import main
for line in sys.stdin:
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            code = main(json.loads(line))
        except SystemExit as ended:
            code = ended.code
    printed.flush()
    print(json.dumps([code, printed.buffer.getvalue().decode()]))
"""


def commands(root: Path, lines: Iterable[Sequence[str]]) -> list[tuple[int, str]]:
    """Return the exit codes of commands of the copy and what each printed: one process runs them all."""
    done = python(root, "-c", COMMANDS, told="".join(f"{json.dumps(line)}\n" for line in lines))
    assert 0 == done.returncode, done.stderr
    return [(code, text) for code, text in map(json.loads, done.stdout.splitlines())]


def passed(root: Path, *arguments: str) -> int:
    """Return how many tests of the copy passed; fails with their output where one did not."""
    done = python(root, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", *arguments)
    assert 0 == done.returncode, done.stdout[-4_000:] + done.stderr[-1_000:]
    summary = re.search(r"(\d+) passed", done.stdout)
    return int(summary[1]) if summary else 0
