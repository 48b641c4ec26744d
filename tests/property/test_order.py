"""What inputs are called and where they stand on the command line changes no verdict, no store, and no byte but their names."""

from __future__ import annotations

import base64
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from perpend.cli.app import main
from perpend.inventory.snapshots.store import Store

pytestmark = pytest.mark.slow

USER = "CA10__CaAwsUser__c"
KINDS = ("report", "answer", "array", "csv", "ndjson")
COLUMNS = ("password_enabled", "mfa_active", "access_key_1_active", "access_key_1_last_rotated")
VALUES = ("true", "true", "false", "", "2026-10-01T00:00:00+00:00")
TIMES = ("2026-01-01", "2026-06-01", "2026-11-20")
POLICY = "user-has-more-than-one-active-access-key"

STORES = max(1, settings.default.max_examples // 20) if settings.default else 1
"""How many estates are stored, three times each: one holds inputs of all kinds."""

RunWriter = Callable[..., tuple[int, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> RunWriter:
    def command(*arguments: object) -> tuple[int, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        assert isinstance(ended.value.code, int)
        return ended.value.code, capsys.readouterr().out

    return command


def drawn(draw: random.Random, kind: str) -> str:
    """An input of a kind, about some of four users: they agree, add to each other or contradict each other."""
    users = draw.sample("abcd", draw.randint(1, 3))
    arns = [f"arn:aws:iam::{account}:user/{user}" for user in users for account in ("111122223333", "444455556666")]
    if kind in ("report", "answer"):
        columns = draw.sample(COLUMNS, draw.randint(1, len(COLUMNS)))
        rows = ([arn[-1], arn, *(draw.choice(VALUES[:3]) for _ in columns)] for arn in arns)
        report = "".join(f"{','.join(row)}\n" for row in (["user", "arn", *columns], *rows))
        content = base64.b64encode(report.encode()).decode()
        return (
            report if kind == "report" else json.dumps({"Content": content, "GeneratedTime": f"{draw.choice(TIMES)}T00:00:00Z"})
        )
    fields = draw.sample(("CA10__userName__c", "CA10__arn__c", "CA10__account__c"), 2)
    objects = [{"Id": arn, **{name: draw.choice((arn[-1], arn[-1], "other")) for name in fields}} for arn in arns]
    if kind == "csv":
        return "".join(f"{','.join(row)}\n" for row in (["Id", *fields], *(one.values() for one in objects)))
    return json.dumps(objects) if kind == "array" else "".join(f"{json.dumps(one)}\n" for one in objects)


def imported(
    run: RunWriter, directory: Path, named: list[tuple[str, str]], times: dict[str, str], store: Path
) -> tuple[str, str]:
    """The content hash of a store of inputs in an order, each a name and a content, and what a check says of it."""
    arguments: list[object] = []
    for name, content in named:
        (directory / name).write_text(content)
        arguments += [directory / name, "--type", USER, "--observed-at", times[content]]
    code, out = run("import", *arguments, "--store", store)
    assert 0 == code, out
    _, said = run("check", "--store", store, "--snapshot-time", "2026-11-20", "--no-history", "--format", "ndjson")
    assert said
    return Store(store).snapshot().content_hash, said


def without_names(said: str, named: list[tuple[str, str]], contents: list[str]) -> str:
    for name, content in named:
        said = said.replace(name, f"<{contents.index(content)}>")
    return said


@pytest.mark.skipif(sys.platform == "win32", reason="modes of files")
@pytest.mark.parametrize("seed", range(STORES))
def test_order_and_names_change_no_store(run: RunWriter, tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    contents = [drawn(draw, kind) for kind in (*KINDS, *draw.sample(KINDS, 1))]
    times = {content: draw.choice(TIMES) for content in contents}
    first = [(f"in{place}.x", content) for place, content in enumerate(contents)]
    hashed, said = imported(run, tmp_path, first, times, tmp_path / "s")
    shuffled = draw.sample(first, len(first))
    assert (hashed, said) == imported(run, tmp_path, shuffled, times, tmp_path / "t")
    renamed = [(f"re{len(contents) - place}.y", content) for place, content in enumerate(contents)]
    _, other = imported(run, tmp_path, draw.sample(renamed, len(renamed)), times, tmp_path / "u")
    assert without_names(said, first, contents) == without_names(other, renamed, contents)


@pytest.mark.parametrize("seed", range(12))
def test_order_and_names_change_no_verdict_of_files(run: RunWriter, tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    contents = [drawn(draw, kind) for kind in ("report", "report", "answer", "answer", "array", "array")]
    first = [(f"in{place}.x", content) for place, content in enumerate(contents)]
    renamed = [(f"re{len(contents) - place}.y", content) for place, content in enumerate(contents)]
    for name, content in (*first, *renamed):
        (tmp_path / name).write_text(content)

    def said(named: list[tuple[str, str]]) -> str:
        paths = [tmp_path / name for name, _ in named]
        return run("check", *paths, "--type", USER, "--policy", POLICY, "--snapshot-time", "2026-11-20", "--format", "ndjson")[
            1
        ]

    expected = said(first)
    assert expected
    assert expected == said(draw.sample(first, len(first)))
    assert without_names(expected, first, contents) == without_names(said(draw.sample(renamed, len(first))), renamed, contents)
