"""The command line: a group whose commands are imported on use, and the one place where nothing may escape."""

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

SECTIONS: dict[str, tuple[str, dict[str, str]]] = {
    "estates": (
        "Estates",
        {
            "check": "Judge credential reports and other inventory by policies.",
            "collect": "Ask a cloud account for what policies read, into a store.",
            "scan": "Collect a cloud account, judge it and report, in one go.",
            "export": "Send findings to AWS Security Hub, the news only.",
            "permissions": "Show which permissions collecting takes, and what each is for.",
            "import": "Bring inputs and tables into a store, as one snapshot.",
            "inventory": "Look into a store: list, show, ask in SQL, prune.",
            "explain": "Show the road to one verdict, down to the field.",
            "analyze-policy": "Show who can use a policy document of AWS, and why.",
        },
    ),
    "findings": (
        "Findings",
        {
            "findings": "List what is open in a store's history, and since when.",
            "history": "Show what became of an object, a policy or a finding; verify and prune.",
            "diff": "Compare two runs, or what two revisions of the policies find.",
            "remediate": "Print what would mend incompliant objects, with their own names.",
            "waivers": "Show, check and try what people answer for.",
            "severity": "Show and check how severe people say that findings are.",
            "compliance": "Show how a framework stands, requirement by requirement.",
            "trend": "Show how many findings were open after each run.",
            "report": "Judge a store and write one page to hand over: a single HTML file.",
            "notify": "Tell channels what a run brought, by owner, each run once.",
            "evidence": "Hand a run to auditors as one file, and check such a file.",
        },
    ),
    "policies": (
        "Policies",
        {
            "list": "List policies, types, frameworks, sections or operations, or find some.",
            "search": "Find policies, types, sections and operations by words, the best first.",
            "show": "Show one policy, type, section or operation.",
            "new": "Begin a repository, policy, type, extracts file, section or waiver.",
            "test": "Run the tests that policies bring with them.",
            "lint": "Find what is wrong or suspicious in a policy repository.",
            "rule": "Explain a diagnostic's code, such as A203.",
            "plan": "Show how an engine judges policies: as a tree, SQL or a diagram.",
            "site": "Make a documentation site of a policy repository.",
            "schema": "Write JSON Schemas of the repository's files, for editors.",
        },
    ),
    "": (
        "Perpend itself",
        {
            "config": "Show what the project's configuration says, and where each value comes from.",
            "completion": "Print the completion script of a shell.",
        },
    ),
}
"""The commands with their lines of help, by the room under ``commands`` that holds them; ``a-b`` lives in ``a_b.py``."""

COMMANDS: dict[str, str] = {name: text for _, commands in SECTIONS.values() for name, text in commands.items()}
"""Every command with its line of help."""

USAGE_ERROR = 2
"""Exit code of a usage, input or repository error."""

INTERRUPTED = 130
"""Exit code after Ctrl-C or a request to terminate."""

READER_LEFT = 141
"""Exit code where whoever read the output has left before its end."""

_NO_CHOICE: Final = re.compile(r"'(.*)' is not one of ", re.DOTALL)


class _Commands(click.Group):
    """Imports a command's module when the command is used, so that ``--help`` and completion stay fast."""

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
        for title, commands in SECTIONS.values():
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
            ctx.fail(f"there is no command '{args[0]}'" + (f" (did you mean '{near[0]}'?)" if near else ""))
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
    """Perpend weighs a cloud estate against policies that live as files in git.

    Every object gets exactly one status with the reason for it. What is not known is UNDETERMINED, never a pass.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit. Errors that Perpend knows become one line on standard error and exit code 2."""
    signal.signal(signal.SIGTERM, _terminated)
    if sys.platform == "win32":
        sys.exit(
            _complain("Windows has no locks as stores need them: run it in WSL or a container (docs/how-to/use-on-windows.md)")
        )
    if sys.stdout is None:
        sys.exit(_complain("standard output is closed"))
    sys.exit(_exit_code(list(arguments) if arguments is not None else None))


def _exit_code(arguments: list[str] | None) -> int:
    stdout = sys.stdout
    try:
        code = group.main(args=arguments, prog_name="perpend", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return USAGE_ERROR
    except click.ClickException as error:
        return _complain(_usage_line(error))
    except (click.Abort, KeyboardInterrupt) as error:
        if isinstance(error.__cause__, EOFError):  # Click takes it for a user's; it is of a compiled module that was cut off
            return _complain(f"internal error: {error.__cause__} (is a file below __pycache__ damaged?)")
        return _complain("interrupted", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return READER_LEFT
    except SystemExit as ended:
        # Click ends so where the reader of a pipe has left (it then mutes standard output), and after completing words.
        code = ended.code if sys.stdout is stdout else READER_LEFT
    except PerpendError as error:
        return _complain(str(error))
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        where = f"{visible(error.filename)}: " if isinstance(error.filename, str) else ""
        return _complain(f"{where}cannot go on: {(error.strerror or str(error)).lower()}")
    except Exception as error:
        if os.environ.get("PERPEND_DEBUG"):
            raise
        return _complain(f"internal error: {_one_line(error)} (set PERPEND_DEBUG=1 for the traceback)")
    return code if isinstance(code, int) else 0


def _complain(reason: str, code: int = USAGE_ERROR) -> int:
    click.echo(f"perpend: {visible(reason)}", err=True)
    return code


def _usage_line(error: click.ClickException) -> str:
    """Return in one line what is wrong with the words of a command, the nearest right one, and whose help tells more."""
    near = _nearest_word(error)
    said = error.message if getattr(error, "possibilities", None) else error.format_message()
    said = said.removesuffix(".").replace("\n\t", " ")
    line = visible(said[:1].lower() + said[1:] if said[1:2].islower() else said) + (
        f" (did you mean '{near}'?)" if near else ""
    )
    context = getattr(error, "ctx", None)
    return f"{line}; `{context.command_path} --help` tells more" if context else line


def _nearest_word(error: click.ClickException) -> str | None:
    possible = getattr(error, "possibilities", None)
    if possible:
        return str(possible[0])
    kind = error.param.type if isinstance(error, click.BadParameter) and error.param is not None else None
    odd = _NO_CHOICE.match(error.message)
    if not isinstance(kind, click.Choice) or odd is None:
        return None
    words = {str(choice).casefold(): str(choice) for choice in kind.choices}
    near = difflib.get_close_matches(odd[1].casefold(), words, n=1)
    return (words[near[0]] if kind.case_sensitive else near[0]) if near else None  # as the message writes what there is


def _terminated(number: int, frame: object) -> NoReturn:
    """End as an interruption does, so that nothing half-written stays behind."""
    raise KeyboardInterrupt


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".replace("\n", " ")[:500]
