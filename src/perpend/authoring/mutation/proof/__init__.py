"""Whether a mutant ends like its program on every object there can be: proven by cases, or not at all."""
