"""The configuration of a project: what its file may say, where the file is found, and what it says."""
