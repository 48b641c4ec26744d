"""Rows and nested objects in, a run of a store out."""
