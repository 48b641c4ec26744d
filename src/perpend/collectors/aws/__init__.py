"""An AWS account in, rows of objects out, with a reason for all that AWS did not say. Calls and types are tables.

Refuses to know policies and stores: it is told which fields are wanted.
"""
