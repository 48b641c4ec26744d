"""Files that stand beside policies, at a repository's root, and say something of them: what they were called before."""
