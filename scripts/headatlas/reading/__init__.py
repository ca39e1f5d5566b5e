"""A finished atlas in Python: its tables, a search in it, hooks on its model's heads."""
