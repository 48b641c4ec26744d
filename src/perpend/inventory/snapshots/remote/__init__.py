"""Stores on object storage: what they hold stands there, and is read and written by way of a directory of this machine."""
