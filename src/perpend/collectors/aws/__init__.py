"""Collect the objects of AWS accounts, with a reason for each field that AWS did not return.

The tables in ``services`` define calls and types.
"""
