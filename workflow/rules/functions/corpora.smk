"""Of the corpora: their flags, and what changes when their text does."""

import platform

from headatlas.patterns import matches_of


def corpus_flags(wildcards):
    """Flags of a corpus: the keys of its entry, and those of its split."""
    entry = config["corpora"][wildcards.corpus]
    return flags({**entry, "split": None} | entry["split"])


def corpus_state(wildcards):
    """Changes when the text behind a corpus does: its files, or the Python it ships with."""
    entry = config["corpora"][wildcards.corpus]
    if entry["kind"] == "python-docs":
        return platform.python_version()
    if entry["kind"] == "text":
        patterns = [entry["files"]] if isinstance(entry["files"], str) else entry["files"]
        files = sorted({file for pattern in patterns for file in matches_of(pattern).files})
        folder = Path(os.path.commonpath([file.parent for file in files]))
    else:
        folder = Path(entry["folder"] if entry["kind"] == "stackexchange" else entry["source"])
        files = matches_of("**/*", folder).files
        folder = folder.absolute()
    return contents_digest(files, folder, MEMORY) if files else None
