"""Immutable snapshots of an estate in a directory: tables as Parquet, manifests, the way back to nested objects.

Refuses to know who fills it and what policies ask of it.
"""
