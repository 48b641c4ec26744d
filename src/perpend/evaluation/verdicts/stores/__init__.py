"""Evaluate stored or staged tables. Verdicts stay in files, and objects are read in batches."""
