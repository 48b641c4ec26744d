"""Immutable snapshots of an inventory in a directory: Parquet tables, manifests, and the reading of nested objects."""
