"""News of a history, a digest per run and channel, sent to where people read it, and remembered."""
