"""Change a program in small ways, and test whether the policy's own tests notice."""
