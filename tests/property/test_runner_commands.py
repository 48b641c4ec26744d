"""No name gives the runner of a CI a command: no line of a text begins with one, however narrow the terminal is.

GitHub's runner obeys a line that begins, behind blanks, with ``::``, and one that holds ``##[`` anywhere.
"""

from __future__ import annotations

import io
import json
import os
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from perpend.cli.app import main
from perpend.core.diagnostics.escape import visible
from perpend.reports.streams import terminal
from perpend.reports.terminal.explanation import hang
from perpend.reports.terminal.inventory import print_answer
from perpend.reports.terminal.page import TerminalPage
from tests.repositories import logic, policy_files, write

pytestmark = pytest.mark.usefixtures("shared_database")

COMMANDS = ("::add-mask::COMPLIANT", "::error file=a::b", "::", "##[add-mask]COMPLIANT", "##[", "##vso[task.setvariable]x")
BLANKS = (" ", "   ", "\u3000", "\u00a0", "\t", "\n")
PIECES = st.sampled_from((*COMMANDS, *BLANKS)) | st.integers(1, 90).map("b".__mul__) | st.text(max_size=5)
HOSTILE = st.lists(PIECES, min_size=1, max_size=6).map("".join)
WIDTHS = st.integers(20, 140)
DRAWN = 2 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 1
"""How many repositories are drawn: each goes through 35 commands."""


def obeyed(text: str) -> list[str]:
    """Return the lines that a runner would take for a command, or could."""
    return [line for line in text.split("\n") if line.lstrip().startswith("::") or "##[" in line or "##vso[" in line]


def drawn(width: int, draw: Any, **environment: str) -> str:
    """Return what is drawn on a console of some width, as a job of a CI has it."""
    out = io.StringIO()
    with patch.dict(os.environ, {"COLUMNS": str(width), **environment}), redirect_stdout(out), terminal(None) as console:
        draw(console)
    return out.getvalue()


@settings(max_examples=200)
@given(name=HOSTILE, width=WIDTHS, colours=st.booleans())
@example(name="b" * 60 + " ::add-mask::COMPLIANT", width=70, colours=False)
@example(name="b" * 30 + "::add-mask::COMPLIANT", width=30, colours=True)
def test_no_line_of_a_console_begins_with_a_command(name: str, width: int, colours: bool) -> None:
    def draw(console: Any) -> None:
        page = TerminalPage(console)
        page.line(page.name(name))
        page.line((page.prose(name), "bold"), " ", page.name(name), first="  ")
        page.whole(page.name(name))
        hang(console, Text(), Text(visible(name)))
        hang(console, Text("  "), Text(f"{visible(name)}\n{visible(name)}"))
        print_answer([name, "b"], iter([[(name, name), ("::/0", "a")]]), console, limit=9)
        table = Table(box=None, pad_edge=False)
        table.add_column(visible(name), overflow="fold")
        table.add_row(Text(visible(name)))
        console.print(table)
        console.print(Text("", end=""), Text("  ", end=""), end="")
        console.print(Text(visible(name)))

    text = drawn(width, draw, **({"FORCE_COLOR": "1"} if colours else {}))
    assert [] == obeyed(text)


@given(name=HOSTILE)
def test_no_text_made_safe_holds_a_command_within_a_line(name: str) -> None:
    assert [] == obeyed(f"a {visible(name)}")
    assert visible(name) == visible(visible(name))


def said(*arguments: Any) -> tuple[str, str]:
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit):
        main([str(argument) for argument in arguments])
    for stream in (out, err):
        stream.seek(0)
    return out.read(), err.read()


def repository(root: Path, name: str) -> Path:
    """Write a repository with one policy that is called so, and finds every object incompliant."""
    check = {"NOT": {"arg": {"IS_EMPTY": {"arg": {"FIELD": {"path": "Id"}}}}}}
    document = logic(check, input_type="CA10__CaAwsUser__c")
    named = {"full": name or "a", "contextual": name or "a"}
    files = policy_files(document)
    files["ce/policy/policy.yaml"] = {"names": named, "description": name}
    return write(root, files)


@settings(max_examples=DRAWN, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate))
@given(
    names=st.lists(HOSTILE.filter(str.strip), min_size=20, max_size=40, unique=True),
    widths=st.lists(WIDTHS, min_size=2, max_size=2),
)
@example(
    names=["b" * 60 + " ::add-mask::COMPLIANT", "::error::a", " ##[add-mask]b", "c" * 41 + "::stop-commands::d"],
    widths=[40, 80],
)
def test_no_command_of_perpend_says_a_command_of_the_runner(names: list[str], widths: list[int]) -> None:
    with TemporaryDirectory(prefix="perpend-") as directory:
        place = Path(directory)
        repo = ("--repo", repository(place / "repo", names[0]))
        store = ("--store", place / "store")
        for day, some in ((20, names[: len(names) // 2]), (21, names)):
            rows = [{"Id": name, "Name": name, "CA10__account__r": {"CA10__accountId__c": name}} for name in some]
            (place / "a.json").write_text(json.dumps(rows))
            told = [
                said("import", place / "a.json", "--type", "CA10__CaAwsUser__c", "--observed-at", f"2026-11-{day}", *store),
                said("check", *store, *repo, "-q"),
            ]
        for width in widths:
            with patch.dict(os.environ, {"COLUMNS": str(width)}):
                told += [
                    said("check", *store, *repo),
                    said("check", *store, *repo, "--format", "markdown"),
                    said("check", place / "a.json", "--type", "CA10__CaAwsUser__c", *repo),
                    said("explain", "/ce/policy", names[-1], *store, *repo),
                    said("explain", "/ce/policy", f"{names[-1]}x", *store, *repo),
                    said("findings", *store, *repo),
                    said("findings", *store, *repo, "--format", "markdown"),
                    said("history", "object", names[-1], *store, *repo),
                    said("diff", *store, *repo),
                    said("diff", *store, *repo, "--format", "markdown"),
                    said("list", "policies", *repo[:2]),
                    said("show", "/ce/policy", *repo),
                    said("lint", *repo),
                    said("inventory", "sql", "SELECT Id, Name FROM CA10__CaAwsUser__c", *store),
                    said("inventory", "show", *store),
                    said("remediate", "/ce/policy", *store, *repo, "--format", "markdown"),
                ]
        assert [] == [line for out, err in told for text in (out, err) for line in obeyed(text)]
        assert any(name[:10] in out for out, _ in told for name in names)
