"""Choosing the exemplars of a head, and its metrics with their intervals."""
