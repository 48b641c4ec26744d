"""Figures, each a ratio of candidates run side by side in one go: ``python -m bench --help``."""
