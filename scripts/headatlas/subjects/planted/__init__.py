"""Subjects built by hand: every head does one known thing, so explanations can be graded."""
