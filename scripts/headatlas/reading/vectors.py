"""What heads' explanations mean, as vectors, which are kept beside their atlas.

The file is hidden, as what is no result. It is known by the texts that it is of: where they are
others, or it is damaged, it is made anew. Where it cannot be written, nothing is kept.
"""

import hashlib
import json
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ..clustering.embeddings import EMBEDDED_ENCODER, embed
from ..storage import atomic_path

KEPT = ".meaning.npz"
Vector = Float[np.ndarray, "dimensions"]


def vectors_of(words: str, texts: Sequence[tuple[Path, str]]) -> tuple[Vector, list[Vector]]:
    """Unit vectors of the words, and of the texts, each with the folder of its atlas."""
    own: dict[Path, set[str]] = {}
    for folder, text in texts:
        own.setdefault(folder, set()).add(text)
    known = {folder: _kept(folder, sorted(some)) for folder, some in own.items()}
    lacking = {folder: sorted(some) for folder, some in own.items() if not known[folder]}
    asked, *made = embed([words, *chain.from_iterable(lacking.values())], EMBEDDED_ENCODER)
    for folder, some in lacking.items():
        known[folder] = dict(zip(some, made[: len(some)], strict=True))
        made = made[len(some) :]
        _keep(folder, known[folder])
    return asked, [known[folder][text] for folder, text in texts]


def _kept(folder: Path, texts: Sequence[str]) -> dict[str, Vector]:
    """The vectors in the file of an atlas by their texts; empty where there are none of these."""
    try:
        with np.load(folder / KEPT) as kept:
            if kept["digest"] == _digest(texts):
                return dict(zip(texts, kept["vectors"], strict=True))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        pass
    return {}


def _keep(folder: Path, vectors: dict[str, Vector]) -> None:
    with (
        suppress(OSError),
        atomic_path(folder / KEPT, shared=True) as path,
        path.open("wb") as file,
    ):
        np.savez(file, digest=_digest([*vectors]), vectors=np.array([*vectors.values()]))


def _digest(texts: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps([EMBEDDED_ENCODER, *texts]).encode()).hexdigest()
