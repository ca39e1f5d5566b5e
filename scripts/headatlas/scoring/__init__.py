"""How well an explanation predicts its head: pure functions from records to scores."""
