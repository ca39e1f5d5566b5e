"""What depends on a head, from the tables of what the model loses without it."""
