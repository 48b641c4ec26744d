"""Collect inventory from the APIs of clouds."""
