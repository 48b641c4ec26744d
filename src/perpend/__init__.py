"""Perpend weighs cloud estates against policies that live as files in git."""

__version__ = "0.1.0"
