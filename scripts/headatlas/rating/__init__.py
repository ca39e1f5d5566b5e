"""Explanations rated by people: what they are shown, the server, the store, what it comes to."""
