"""What values mean: types, conversions, comparison, the query languages that stand in fields.

Refuses to know the form of programs, files and engines.
"""
