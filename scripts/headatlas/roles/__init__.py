"""Heads whose role is known, and how many of them a run recovers."""
