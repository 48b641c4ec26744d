"""Read the verdicts of a check, count them, and list the objects that need attention."""
