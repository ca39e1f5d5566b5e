"""The models under study: where their files are, what they are, how they are loaded."""
