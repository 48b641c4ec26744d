"""The HTML report: one self-contained file, with the findings as compressed columns."""
