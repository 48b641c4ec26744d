"""Options that several commands share, and helpers to read them."""
