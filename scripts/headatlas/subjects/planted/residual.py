"""What stands where in the residual stream of a planted subject.

The stream holds FEATURES numbers, each stored twice, as +x and as -x, so that LayerNorm
finds the mean 0. One feature is a large constant: it makes the norm, and so the scale that
LayerNorm divides by, the same everywhere to less than one part in a thousand. LayerNorm
then does nothing, and a head reads the features as they are written here.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from .vocabulary import CLASSES, CODE_LENGTH, CONTEXT, class_table

CLOCK = 32  # positions are told apart by their remainder; blind to whole turns of the clock
CONSTANT = 512.0
FEATURES = 256

_widths = {
    "token": CODE_LENGTH,
    "class": len(CLASSES),
    "previous_token": CODE_LENGTH,  # written by the carrier, a previous-token head
    "previous_class": len(CLASSES),
    "clock": CLOCK,
    "ramp": 1,  # position / CONTEXT
    "first": 1,  # 1 at position 0
    "constant": 1,
}
_ends = np.cumsum(list(_widths.values()))
PLACES = {
    name: slice(int(end) - width, int(end))
    for (name, width), end in zip(_widths.items(), _ends, strict=True)
}
PLACES["output"] = slice(int(_ends[-1]), FEATURES)  # what heads write and no planted head reads
# Harder subjects have the end of it for themselves: which sets a token is of, and a digit's value.
SETS = ("set_a", "set_b", "set_c")
DIGITS = 10
PLACES["value"] = slice(FEATURES - DIGITS, FEATURES)
PLACES |= {name: slice(n, n + 1) for n, name in enumerate(SETS, FEATURES - DIGITS - len(SETS))}
PLACES["narrow_output"] = slice(PLACES["output"].start, FEATURES - DIGITS - len(SETS))

# Subjects whose heads write known things have it otherwise: what their unembedding reads, notes
# of some heads to later ones, tokens that belong to a token, and what nothing reads.
NOTES = ("note_erased", "note_lessened", "note_relayed")
for n, name in enumerate(("said", *NOTES, "follower", "related")):
    start = PLACES["output"].start + n * CODE_LENGTH
    PLACES[name] = slice(start, start + CODE_LENGTH)
PLACES["predictable"] = slice(FEATURES - 1, FEATURES)
PLACES["unread"] = slice(PLACES["related"].stop, FEATURES - 1)


def feature(name: str) -> int:
    """Number of a feature: of a class, of a class of the previous token, or of a single one."""
    if name in CLASSES:
        return PLACES["class"].start + CLASSES.index(name)
    if name.removeprefix("previous_") in CLASSES:
        return PLACES["previous_class"].start + CLASSES.index(name.removeprefix("previous_"))
    return PLACES[name].start


def token_embedding(
    pieces: Sequence[str], codes: Float[np.ndarray, "token code"]
) -> Float[np.ndarray, "token feature"]:
    """Code and classes of every token of the vocabulary, and the constant."""
    table = np.zeros((len(pieces), FEATURES))
    table[:, PLACES["token"]] = codes
    table[:, PLACES["class"]] = class_table(pieces)
    table[:, PLACES["constant"]] = CONSTANT
    return table


def position_embedding() -> Float[np.ndarray, "position feature"]:
    """The clock, the ramp and, at position 0, which has no time on the clock, the flag."""
    table = np.zeros((CONTEXT, FEATURES))
    position = np.arange(CONTEXT)
    table[position[1:], PLACES["clock"].start + position[1:] % CLOCK] = 1
    table[:, PLACES["ramp"].start] = position / CONTEXT
    table[0, PLACES["first"].start] = 1
    return table


def doubled(features: Float[np.ndarray, "*rows feature"]) -> Float[np.ndarray, "*rows model"]:
    """Features as the stream holds them."""
    return np.concatenate([features, -features], axis=-1)
