"""Histories of things whose accounts are any texts."""

from tests.toy_cloud import toy_cloud

__all__ = ["toy_cloud"]
