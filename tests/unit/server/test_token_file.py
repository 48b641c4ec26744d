"""Token files: tokens one a line, for the eyes of their owner only."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from perpend.server.token_file import UnusableTokens, tokens_of

FIRST, SECOND = "a" * 20, "0123456789abcdef-_.~+/"


def test_each_line_is_a_token(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"{FIRST}\r\n\n  {SECOND}  \n")
    path.chmod(0o400)
    assert (FIRST, SECOND) == tokens_of(str(path))


@pytest.mark.parametrize(
    ("content", "mode", "reason"),
    [
        (FIRST, 0o640, "other users can read it: `chmod 600`"),
        (FIRST, 0o604, "other users can read it"),
        ("", 0o600, "has no token: write one a line"),
        ("a" * 19, 0o600, "token 1 is not 20 or more letters, digits and signs without blanks"),
        (f"{FIRST}\n{'a b' * 10}", 0o600, "token 2 is not"),
        (f"{'é' * 20}", 0o600, "token 1 is not"),
        ("a" * 70_000, 0o600, "is larger than 65,536 bytes"),
    ],
)
def test_a_file_that_is_open_or_has_no_good_token_is_refused(tmp_path: Path, content: str, mode: int, reason: str) -> None:
    path = tmp_path / "tokens"
    path.write_text(content)
    path.chmod(mode)
    with pytest.raises(UnusableTokens) as refused:
        tokens_of(str(path))
    assert reason in str(refused.value) and FIRST not in str(refused.value)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path, reason in ((tmp_path, "is a directory"), (tmp_path / "pipe", "is not a regular file")):
        with pytest.raises(UnusableTokens, match=reason):
            tokens_of(str(path))
