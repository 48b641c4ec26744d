"""What is otherwise in one run than in another in, written in the form that options ask for."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from perpend.cli.forms.rows import write_row_form
from perpend.cli.forms.written import is_told, write_told
from perpend.cli.histories.scorecards import counts_known
from perpend.cli.output import output_stream, terminal

if TYPE_CHECKING:
    from perpend.cli.forms.written import FormAsked
    from perpend.history.place import HistoryPlace
    from perpend.recount.differences import Difference
    from perpend.recount.told import SaidBesideHistory


def write_difference(
    difference: Difference, place: HistoryPlace, said: SaidBesideHistory, asked: FormAsked, limit: int
) -> None:
    """Write what is otherwise. ``limit`` objects of each kind are shown to people."""
    from perpend.recount.differences import print_difference, write_difference_json, write_difference_markdown

    if asked.form == "text":
        with terminal(asked.out) as console:
            print_difference(difference, console, limit=limit)
        return
    if is_told(asked.form) and asked.form != "markdown":
        _write_told(difference, place, said, asked)
        return
    with output_stream(asked.out) as stream:
        if asked.form == "json":
            write_difference_json(difference, stream)
        elif asked.form == "markdown":
            write_difference_markdown(difference, stream, limit=limit)
        else:
            write_row_form(asked.form, difference.columns, difference.rows, stream)


def _write_told(difference: Difference, place: HistoryPlace, said: SaidBesideHistory, asked: FormAsked) -> None:
    from perpend.recount.told import NO_NEWS, differences_told, run_of_history

    head = place.head()
    counts = counts_known(place, until=difference.after.number)
    run = run_of_history(head, datetime.fromisoformat(difference.after.time), counts, said)
    write_told(run, differences_told(difference.rows, run, head, said), asked, old=NO_NEWS)
