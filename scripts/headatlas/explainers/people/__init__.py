"""Explanations that people wrote, tested like those of machines."""
