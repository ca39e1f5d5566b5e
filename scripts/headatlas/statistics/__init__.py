"""Statistics of predictions beside what was measured: pure functions of arrays."""
