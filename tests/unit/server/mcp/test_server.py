"""The calls of tools: an error is an answer, and tells no internals."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("mcp", reason="the extra mcp is not installed")

from perpend.server.mcp.server import called
from perpend.server.scope import ALL_ACCOUNTS, ReaderScope


class Broken:
    """A store with a fault."""

    def run_for(self, scope: ReaderScope) -> Any:
        raise RuntimeError("in\x1b[31mside")


def test_an_unexpected_error_is_one_line_in_the_log_and_no_detail_in_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    store: Any = Broken()
    answer = called(store, "summary", {}, ALL_ACCOUNTS)
    assert answer.is_error and "inside" not in str(answer.content) and "RuntimeError" not in str(answer.content)
    logged = capsys.readouterr().err
    assert "internal error: RuntimeError" in logged and logged.count("\n") == 1 and "\x1b" not in logged
