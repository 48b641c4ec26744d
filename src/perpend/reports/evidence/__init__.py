"""A run handed over whole: inputs or their hashes, policies, verdicts and waivers in one file, which anybody can check."""
