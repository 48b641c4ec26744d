"""Render pages as HTML."""
