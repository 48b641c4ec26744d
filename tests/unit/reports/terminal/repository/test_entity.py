"""What is shown of one operation, as a terminal has it."""

from __future__ import annotations

import io

from rich.console import Console

from perpend.language.operations import OPERATIONS
from perpend.reports.terminal.repository.entity import print_operation


def test_no_operation_is_shown_with_a_link_to_a_file_that_a_terminal_does_not_have() -> None:
    for name in ("IS_EQUAL", "JSON_QUERY_BOOLEAN", "RELATED_LIST_HAS"):
        stream = io.StringIO()
        print_operation(OPERATIONS[name], Console(file=stream, width=120))
        shown = stream.getvalue()
        assert name in shown
        assert [] == [line for line in shown.splitlines() if ".md" in line or "](" in line]
