"""Where text comes from: every corpus yields named documents, one at a time."""
