"""The streams of the reports, under their former name."""

from perpend.reports.streams import (
    CannotWrite,
    colours,
    output_bytes,
    output_stream,
    progress,
    refuse_input_as_output,
    terminal,
)

__all__ = ["CannotWrite", "colours", "output_bytes", "output_stream", "progress", "refuse_input_as_output", "terminal"]
