"""Explainers: from a head's exemplars to a sentence about it."""
