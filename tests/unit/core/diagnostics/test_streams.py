"""What a stream without blanks at the ends of lines writes."""

from __future__ import annotations

import io
import sys

from perpend.core.diagnostics.escape import trimmed, without_commands


def test_lines_end_without_blanks_whatever_they_are_written_by() -> None:
    below = io.StringIO()
    stream = trimmed(below)
    assert [9, 3, 4] == [stream.write("a  \n b \n\n"), stream.write("c  "), stream.write("d \n.")]
    assert "a\n b\n\nc  d\n." == below.getvalue()


def test_all_else_is_the_streams_own() -> None:
    stream = trimmed(sys.__stdout__ or sys.stdout)
    below = sys.__stdout__ or sys.stdout
    assert (below.encoding, below.isatty(), below.fileno()) == (stream.encoding, stream.isatty(), stream.fileno())
    stream.flush()


def test_the_stream_outlives_it_and_may_be_closed_before_it() -> None:
    below = io.StringIO()
    trimmed(below).close()
    below.write("open")
    stream = trimmed(below)
    below.close()
    stream.close()


def test_no_line_is_a_command_to_a_runner_however_it_is_written() -> None:
    below = io.StringIO()
    stream = without_commands(below)
    for text in ("a ::b  \n::c::", "::d\n ", "::e::\n", "", "::f\n", "  ", " g", "::h"):
        stream.write(text)
    assert "a ::b  \n\\::c::::d\n \\::e::\n\\::f\n   g::h" == below.getvalue()
