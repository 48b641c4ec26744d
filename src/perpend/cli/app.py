"""The group of all commands, which imports a command on use, and the only handler of all errors."""

from __future__ import annotations

import difflib
import importlib
import os
import re
import signal
import sys
from typing import TYPE_CHECKING, Final, NoReturn

import click

from perpend.core.diagnostics.escape import visible
from perpend.core.errors import PerpendError
from perpend.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

SECTIONS: dict[str, dict[str, str]] = {
    "Collect and check": {
        "check": "Check credential reports and other inventory against policies.",
        "scan": "Collect a cloud account, check it against policies, and report.",
        "collect": "Collect a cloud account into a store.",
        "permissions": "Show the permissions that a collection needs, with the reason for each.",
        "import": "Import inputs and tables into a store as one snapshot.",
        "inventory": "List, show, query and prune the snapshots of a store.",
        "explain": "Explain one verdict, down to the fields that decided it.",
        "report": "Check a store and write a report as one HTML file.",
        "serve": "Serve a store to people and programs: pages, an API and MCP.",
        "export": "Send new and changed findings to AWS Security Hub.",
        "evidence": "Write a run into one file for auditors, and verify such a file.",
        "demo": "Make a store of an invented organisation, to try everything.",
        "analyze-policy": "Show who can use an AWS policy document, and why.",
    },
    "Findings over time": {
        "findings": "List the open findings of a store, and since when they are open.",
        "history": "Show the history of an object, a policy or a finding.",
        "diff": "Compare two runs, or two revisions of the policies.",
        "compliance": "Show the status of each requirement of a framework.",
        "trend": "Show the number of open findings after each run.",
        "waivers": "List, check and try out waivers.",
        "severity": "List and check severity ratings.",
        "remediate": "Print commands that fix incompliant objects.",
        "notify": "Send a digest of each run to channels, by owner.",
        "mcp": "Answer an assistant's questions about a store, by the Model Context Protocol.",
    },
    "Policies": {
        "list": "List policies, types, frameworks, sections or operations.",
        "search": "Search policies, types, sections and operations by words.",
        "show": "Show one policy, type, section or operation.",
        "new": "Create a repository, policy, type, extracts file, section or waiver.",
        "test": "Run the tests of policies.",
        "lint": "Find errors and suspicious parts in a policy repository.",
        "rule": "Explain the code of a diagnostic, such as A203.",
        "plan": "Show the plan of an engine for policies, as a tree, SQL or a diagram.",
        "site": "Build a documentation site from a policy repository.",
        "schema": "Write JSON Schemas of the repository's files, for editors.",
    },
    "Settings": {
        "config": "Show the configuration, and the source of each value.",
        "completion": "Print the completion script for a shell.",
    },
}
"""The commands with their lines of help, by the title of their section. The module of the command ``a-b`` is ``a_b``."""

COMMANDS: dict[str, str] = {name: text for commands in SECTIONS.values() for name, text in commands.items()}
"""Every command with its line of help."""

USAGE_ERROR = 2
"""The exit code for a usage, input or repository error."""

INTERRUPTED = 130
"""The exit code after Ctrl-C or SIGTERM."""

READER_LEFT = 141
"""The exit code if the reader of a pipe closes it early."""

_NO_CHOICE: Final = re.compile(r"'(.*)' is not one of ", re.DOTALL)


class _Commands(click.Group):
    """Imports the module of a command when the command is used, to keep ``--help`` and completion fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"perpend.cli.commands.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, COMMANDS))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), text) for name, text in commands.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[click.shell_completion.CompletionItem]:
        items = [
            click.shell_completion.CompletionItem(name, help=text)
            for name, text in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return [*items, *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            ctx.fail(f"unknown command '{args[0]}'" + (f" (did you mean '{near[0]}'?)" if near else ""))
        return super().resolve_command(ctx, args)


EPILOG = """\b
Examples:
  perpend check report.csv
  perpend check report.csv --policy '*access-key*' --format json --out verdicts.json
  perpend explain user-has-more-than-one-active-access-key alice report.csv
  perpend test --repo ~/policies --coverage

\b
Exit codes: 0 nothing incompliant or undetermined, 1 something incompliant,
2 usage, input or repository error, 3 nothing incompliant but something undetermined."""


@click.group(cls=_Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="perpend")
def group() -> None:
    """Perpend checks cloud resources against policies stored in git.

    Every object gets one status per policy, with the reason. A fact that is not known makes it UNDETERMINED, never a pass.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit. An expected error is one line on standard error, and exit code 2."""
    signal.signal(signal.SIGTERM, _terminated)
    if sys.platform == "win32":
        sys.exit(
            _complain(
                "Windows lacks the file locks of stores: run perpend in WSL or a container (docs/how-to/use-on-windows.md)"
            )
        )
    if sys.stdout is None:
        sys.exit(_complain("standard output is closed"))
    sys.exit(_exit_code(list(arguments) if arguments is not None else None))


def _exit_code(arguments: list[str] | None) -> int:
    stdout = sys.stdout
    words = tuple(sys.argv[1:] if arguments is None else arguments)
    try:
        code = group.main(args=arguments, prog_name="perpend", standalone_mode=False, obj=words)
        sys.stdout.flush()
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return USAGE_ERROR
    except click.ClickException as error:
        return _complain(_usage_line(error))
    except (click.Abort, KeyboardInterrupt) as error:
        if isinstance(
            error.__cause__, EOFError
        ):  # click treats every EOFError as an abort; this one is from a truncated .pyc file
            return _complain(f"internal error: {error.__cause__} (is a file below __pycache__ damaged?)")
        return _complain("interrupted", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return READER_LEFT
    except SystemExit as ended:
        # click exits like this after shell completion, and after a closed pipe, when it also replaces sys.stdout.
        code = ended.code if sys.stdout is stdout else READER_LEFT
    except PerpendError as error:
        return _complain(str(error))
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        where = f"{visible(error.filename)}: " if isinstance(error.filename, str) else ""
        return _complain(f"{where}cannot continue: {(error.strerror or str(error)).lower()}")
    except Exception as error:
        if os.environ.get("PERPEND_DEBUG"):
            raise
        return _complain(f"internal error: {_one_line(error)} (set PERPEND_DEBUG=1 for the traceback)")
    return code if isinstance(code, int) else 0


def _complain(reason: str, code: int = USAGE_ERROR) -> int:
    click.echo(f"perpend: {visible(reason)}", err=True)
    return code


def _usage_line(error: click.ClickException) -> str:
    """Return a usage error in one line, with the nearest valid word and the command for help."""
    near = _nearest_word(error)
    problem = error.message if getattr(error, "possibilities", None) else error.format_message()
    problem = problem.removesuffix(".").replace("\n\t", " ")
    line = visible(problem[:1].lower() + problem[1:] if problem[1:2].islower() else problem) + (
        f" (did you mean '{near}'?)" if near else ""
    )
    context = getattr(error, "ctx", None)
    return f"{line}; `{context.command_path} --help` shows more" if context else line


def _nearest_word(error: click.ClickException) -> str | None:
    possible = getattr(error, "possibilities", None)
    if possible:
        return str(possible[0])
    kind = error.param.type if isinstance(error, click.BadParameter) and error.param is not None else None
    match = _NO_CHOICE.match(error.message)
    if not isinstance(kind, click.Choice) or match is None:
        return None
    words = {str(choice).casefold(): str(choice) for choice in kind.choices}
    near = difflib.get_close_matches(match[1].casefold(), words, n=1)
    return (
        (words[near[0]] if kind.case_sensitive else near[0]) if near else None
    )  # click lists choices in lower case unless they are case-sensitive


def _terminated(number: int, frame: object) -> NoReturn:
    """Raise KeyboardInterrupt, so that temporary files are removed as after Ctrl-C."""
    raise KeyboardInterrupt


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".replace("\n", " ")[:500]
