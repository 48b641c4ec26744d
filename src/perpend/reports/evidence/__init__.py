"""Evidence packs: one verifiable file with the inputs or their hashes, policies, verdicts and waivers of a run."""
