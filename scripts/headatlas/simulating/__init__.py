"""A learned simulator: a network that reads an explanation and predicts activation."""
