"""Markdown as a terminal and a pipe get it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from perpend.reports.terminal.markdown import print_markdown

PAGE = "# Keys\n\nTwo *keys* are one too many.\n\n```sh\naws iam list-access-keys\n```\n"


@pytest.mark.parametrize("terminal", [True, False])
def test_only_a_terminal_gets_blanks_at_the_ends_of_lines(terminal: bool) -> None:
    stream = io.StringIO()
    print_markdown(PAGE, Console(file=stream, width=60, force_terminal=terminal, color_system=None))
    lines = stream.getvalue().splitlines()
    assert ["Keys", "Two keys are one too many.", "aws iam list-access-keys"] == [
        line.strip() for line in lines if line.strip()
    ]
    assert terminal is any(line != line.rstrip() for line in lines)


@pytest.mark.parametrize("terminal", [True, False])
def test_a_command_is_never_broken_into_two(terminal: bool) -> None:
    stream = io.StringIO()
    command = "aws iam get-credential-report --query Content --output text | base64 --decode > report.csv"
    for code in (f"```sh\n{command}\n```\n", f"    {command}\n"):
        print_markdown(f"Run:\n\n{code}", Console(file=stream, width=40, force_terminal=terminal, color_system=None))
    assert [f" {command}"] * 2 == [line for line in stream.getvalue().splitlines() if "aws" in line]


@pytest.mark.parametrize("item", ["1. ", "- ", "1. - "])
@pytest.mark.parametrize("terminal", [True, False])
def test_a_command_in_a_list_is_not_cut_off(terminal: bool, item: str) -> None:
    stream = io.StringIO()
    command = "aws iam update-access-key --user-name <user> --access-key-id <key-id> --status Inactive"
    page = f"{item}Deactivate the key that goes,\n\n{' ' * (len(item) + 4)}{command}\n\n{item.strip()[:2]} and wait.\n"
    print_markdown(page, Console(file=stream, width=40, force_terminal=terminal, color_system=None))
    assert [command] == [line.strip() for line in stream.getvalue().splitlines() if "aws" in line]
    assert all(len(line.rstrip()) <= 40 for line in stream.getvalue().splitlines() if "aws" not in line)
