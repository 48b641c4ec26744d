"""A judgement in, texts for people and machines out. Refuses to know how verdicts were made and where the texts go."""
