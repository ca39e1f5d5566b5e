"""Of the corpora: their flags, and what changes when their text does."""

import platform

from headatlas.corpora.state import files_state


def corpus_flags(wildcards):
    """Flags of a corpus: the keys of its entry, and those of its split."""
    entry = config["corpora"][wildcards.corpus]
    return flags({**entry, "split": None} | entry["split"])


def texts_flags(wildcards):
    """Flags of the state that the local files of a corpus are in."""
    return flags({"state": files_state(config["corpora"][wildcards.corpus])})


def corpus_state(wildcards):
    """Changes when the text behind a corpus does: its files, or the Python it ships with."""
    entry = config["corpora"][wildcards.corpus]
    return platform.python_version() if entry["kind"] == "python-docs" else files_state(entry)
