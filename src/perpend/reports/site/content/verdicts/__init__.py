"""Verdicts of a check in, whatever holds them; counts, and the objects that something is to be done about, out."""
