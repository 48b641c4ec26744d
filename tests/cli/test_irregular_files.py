"""Pipes and sockets among the files of a repository: no command waits for them, and each tells of them."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repositories import write
from tests.sites import IDEA, OWNER, POLICY, TYPE, files

pytestmark = pytest.mark.slow

SECONDS = 120
PIPES = (
    f"{POLICY[1:]}/description.md",
    f"{POLICY[1:]}/odd.png",
    f"{POLICY[1:]}/wip.logic.yaml",
    f"{IDEA[1:]}/policy.yaml",
    "ce/acme/odd.fifo",
    "frameworks/acme/03/section.yaml",
    "internal/rules/odd.yaml",
    f"types/{OWNER}/type.yaml",
    f"types/{TYPE}/odd.extracts.yaml",
    "internal-id-map.json",
    "internal-rule-sections.json",
)
SOCKET = "ce/acme/s"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    root = write(tmp_path / "repository", files())
    write(tmp_path, {"input.json": [{"Id": "1", "open__c": True}]})
    for path in PIPES:
        (root / path).unlink(missing_ok=True)
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(root / path)
    monkeypatch.chdir(root / "ce/acme")  # the address of a socket is short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s")
        monkeypatch.chdir(tmp_path)
        yield root


COMMANDS = (
    "lint",
    "test",
    f"check input.json --type {TYPE}",
    "site build --no-search --out site",
)
ONE_BY_ONE = """
import sys
from perpend.cli.app import main
from perpend.reports.site.content import guides
guides.OPERATIONS = {name: guides.OPERATIONS[name] for name in ("AND", "IS_EQUAL", "NOT")}  # a page for each takes a second
for command in sys.argv[2:]:
    try:
        main([*command.split(), "--repo", sys.argv[1]])
    except SystemExit:
        print("ended:", command, flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_no_regular_file_is_told_and_never_waited_for(root: Path) -> None:
    arguments = [sys.executable, "-c", ONE_BY_ONE, str(root), *COMMANDS]
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS, check=False)
    *outputs, rest = re.split(r"^ended: .*\n", done.stdout, flags=re.MULTILINE)
    told = [set(re.findall(r"error\[L101\]: `(.+?)` is not a regular file", output)) for output in outputs]
    assert ({command: {*PIPES, SOCKET} for command in COMMANDS}, "") == (dict(zip(COMMANDS, told, strict=True)), rest)
    assert "Traceback" not in done.stdout
    assert all((root / path).is_fifo() for path in PIPES)


def test_faults_of_the_tree_do_not_flood_a_run_of_tests(tmp_path: Path, run) -> None:
    root = write(tmp_path / "repository", files())
    for number in range(30):
        (root / f"ce/acme/{number}").symlink_to("nowhere")
    ran = run("test", "--repo", root)
    assert (20, True) == (ran.err.count("leads to nothing"), "10 more files and links are not read: perpend lint" in ran.err)
    assert "leads to nothing" not in run("test", "--repo", write(tmp_path / "sound", files())).err
