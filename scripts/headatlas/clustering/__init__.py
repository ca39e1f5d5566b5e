"""Which heads are explained alike: embeddings, families, their labels and agreement."""
