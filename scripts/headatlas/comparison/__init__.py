"""Comparison: the models and the runs of a sweep side by side.

It stands above the stages whose files it reads: unlike them it uses their code, the
embeddings and families of `clustering` and the formats of `reporting`, so that a figure
here means what it means in the atlas of a run.
"""
