"""The reference interpreter: run programs on single objects. Every engine must return the same results.

Expressions become closures once; an extract is computed once per object.
"""
