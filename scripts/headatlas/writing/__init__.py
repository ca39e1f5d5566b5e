"""What heads write, told from the weights alone: a head's map from token to token."""
