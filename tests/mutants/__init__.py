"""Bugs that are put into a copy of the code, one at a time, to see that a test finds each."""
