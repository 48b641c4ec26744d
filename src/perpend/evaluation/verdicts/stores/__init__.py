"""Judging by way of stored or staged tables: verdicts stay in files, objects are read some thousands at a time."""
