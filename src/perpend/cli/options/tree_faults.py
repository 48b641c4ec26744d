"""The warning about unread files of a repository, under its former name."""

from perpend.reports.runs import warn_tree_faults as tell_tree_faults

__all__ = ["tell_tree_faults"]
