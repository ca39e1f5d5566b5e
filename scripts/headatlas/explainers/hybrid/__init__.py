"""Programs to which a language model proposes features, and data decide."""
