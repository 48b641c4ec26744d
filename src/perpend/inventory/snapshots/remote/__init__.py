"""Stores on object storage, read and written through a local directory."""
