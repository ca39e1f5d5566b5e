"""Heads whose role is published, and how many of them a run recovers."""
