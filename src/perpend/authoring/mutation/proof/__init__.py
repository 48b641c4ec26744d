"""Prove by cases that a mutant gives the same result as its program for every possible object."""
