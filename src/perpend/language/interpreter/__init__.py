"""A program and one object in, a verdict index out: the reference that every engine must agree with.

Expressions become closures once; an extract is computed once per object. Refuses to know plans, SQL and files.
"""
