"""Readers of other tools' files: a declarative field map per format."""
