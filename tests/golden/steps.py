"""The steps of the road over the golden repository, each as a text that people can read."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from perpend.cli.app import main
from perpend.collectors.azure.role_documents import FORMATS as AZURE_FORMATS
from perpend.collectors.google.role_documents import FORMATS as GOOGLE_FORMATS
from perpend.collectors.protocol import PermissionFormat, WantedPermissions
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.program.program import Block
from perpend.language.program.render import expression_text
from perpend.language.syntax.repository import Repository
from tests.docs.api_reference import signatures
from tests.golden.broken import REPLACEMENTS
from tests.remedies import library_commands

HERE = Path(__file__).parent
EXPECTED = HERE / "expected"
SERVER_POLICY = "server-has-unencrypted-disks"
PLAN = ("*", "--repo", "repository", "--snapshot-time", "2026-01-10T12:00:00Z")
JUDGE = ("servers.json", "--repo", "repository", "--type", "CA10__CaAcmeServer__c", "--snapshot-time", "2026-01-10T12:00:00Z")


def command(*arguments: str) -> str:
    """Return what a command writes and its exit code, as seen in a terminal of 100 columns without colours."""
    out, err = io.StringIO(), io.StringIO()
    environment = {"COLUMNS": "100", "NO_COLOR": "1"}
    with chdir(HERE), redirect_stdout(out), redirect_stderr(err), patch.dict(os.environ, environment):
        try:
            main(arguments)
        except SystemExit as ended:
            code = ended.code
    parts = [f"$ perpend {' '.join(arguments)}", out.getvalue().rstrip("\n"), err.getvalue().rstrip("\n"), f"exit code {code}"]
    return "\n".join("\n".join(line.rstrip() for line in part.split("\n")) for part in parts if part) + "\n"


def programs() -> str:
    """Return every program: its blocks with the types of their expressions, what it reads, its verdict table."""
    analyzer = Analyzer(Repository(HERE / "repository"))
    lines: list[str] = []
    for logic_id in analyzer.repository.logic_ids:
        program = analyzer.analyzed(logic_id).program
        assert program is not None, logic_id
        lines += [logic_id, *_block_lines(program.block, "  "), "  reads"]
        lines += [f"    {read.path}{'' if read.key is None else f' → {read.key}'}" for read in program.reads]
        lines += ["  verdicts"]
        for verdict in program.verdicts.values():
            lines += [f"    {verdict.index:>3} {verdict.status:<12} {verdict.text}", f"        {verdict.message}"]
            lines += [f"        → {verdict.remediation}"] if verdict.remediation else []
        lines.append("")
    return "\n".join(lines)


def _block_lines(block: Block, indent: str) -> list[str]:
    lines = [f"{indent}{block.type.name}"]
    for condition in block.conditions:
        found = condition.expression
        lines.append(f"{indent}  {condition.outcome.status}: {expression_text(found)} ({found.type}, {found.slots} slots)")
    lines.append(f"{indent}  {block.otherwise.status}: otherwise")
    for name, child in block.related.items():
        lines += [f"{indent}  {name}", *_block_lines(child, f"{indent}    ")]
    return lines


def broken(*arguments: str) -> str:
    """Return what ``lint`` finds in the broken variant of the repository."""
    with TemporaryDirectory(prefix="perpend-") as directory:
        root = Path(directory) / "repository"
        shutil.copytree(HERE / "repository", root)
        for path, before, after in REPLACEMENTS:
            text = (root / path).read_text("utf-8")
            assert before in text, (path, before)
            (root / path).write_text(text.replace(before, after, 1), "utf-8")
        return command("lint", "--repo", str(root), *arguments).replace(directory, "broken")


def azure_permissions() -> str:
    """Return the documents in which Azure takes two permissions of roles and one of the directory."""
    names = ("Microsoft.Network/networkSecurityGroups/read", "Microsoft.Storage/storageAccounts/read", "User.Read.All")
    return _documents(names, AZURE_FORMATS)


def google_permissions() -> str:
    """Return the documents in which Google Cloud takes two permissions of roles and one call of the directory."""
    names = ("cloudasset.assets.listResource", "serviceusage.services.list", "Directory:users.list")
    return _documents(names, GOOGLE_FORMATS)


def _documents(names: tuple[str, ...], forms: tuple[PermissionFormat, ...]) -> str:
    documents = [(form.name, form.write(WantedPermissions(names))) for form in forms]
    return "\n".join("\n".join([f"== {name}", *(f"-- {note}" for note in notes), text]) for name, (text, notes) in documents)


STEPS: dict[str, Callable[[], str]] = {
    "programs.txt": programs,
    "diagnostics.txt": broken,
    "diagnostics-github.txt": lambda: broken("--format", "github"),
    "lint.txt": lambda: command("lint", "--repo", "repository"),
    "tests.txt": lambda: command("test", "--repo", "repository", "--coverage"),
    "judgement.txt": lambda: command("check", *JUDGE),
    "verdicts-json.txt": lambda: command("check", *JUDGE, "--format", "json"),
    "verdicts-csv.txt": lambda: command("check", *JUDGE, "--format", "csv"),
    "explanation.txt": lambda: command("explain", SERVER_POLICY, "srv-1", *JUDGE),
    "plan-tree.txt": lambda: command("plan", *PLAN),
    "plan-mermaid.txt": lambda: command("plan", *PLAN, "--format", "mermaid"),
    "plan-duckdb.txt": lambda: command("plan", *PLAN, "--format", "sql"),
    "plan-spark.txt": lambda: command("plan", *PLAN, "--format", "sql", "--engine", "spark"),
    "api.txt": signatures,
    "remedies.txt": library_commands,
    "permissions-azure.txt": azure_permissions,
    "permissions-google.txt": google_permissions,
    "policy.txt": lambda: command("show", SERVER_POLICY, "--repo", "repository"),
}
"""Every expected file with what makes its text."""
