"""What every head of a model writes at every word: the behaviour by which heads are compared."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float

from ..records.activations import ACTIVATIONS
from ..storage import read_table
from .words import Reading


class Behaviour(NamedTuple):
    """The heads of a model and what sets each of them apart."""

    heads: list[tuple[int, int]]
    "layer and head"
    activation: Float[np.ndarray, "head word"]
    "activation of each word, standardised, less the mean over the heads of the model"


def behaviour_of(activations: Sequence[Path], reading: Reading) -> Behaviour:
    """The behaviour of all heads whose activations were cached; `activations` has a folder a shard.

    All heads of a model write more at some words than at others: at rare ones, say, or
    after a line end. What they share would make any two heads alike, in every model. So
    each head's activation gets mean 0 and variance 1 over the words, and then the mean
    over the heads is taken off. Heads of constant activation are left out.
    """
    heads: list[tuple[int, int]] = []
    parts: list[np.ndarray] = []
    for name in sorted(path.name for path in activations[0].glob("layer*.parquet")):
        part = word_activation([folder / name for folder in activations], reading)
        varied = np.flatnonzero((part != part[:, :1]).any(axis=1))
        centred = part[varied] - part[varied].mean(axis=1, keepdims=True)
        parts.append(centred / centred.std(axis=1, keepdims=True))
        layer = int(name.removeprefix("layer").removesuffix(".parquet"))
        heads += [(layer, int(head)) for head in varied]
    activation = np.concatenate(parts)
    return Behaviour(heads, activation - activation.mean(axis=0))


def word_activation(layer: Sequence[Path], reading: Reading) -> Float[np.ndarray, "head word"]:
    """Largest activation of the tokens of each word; `layer` has the table of each shard."""
    wanted = pc.field("window").isin(reading.windows)
    tables = [read_table(path, ACTIVATIONS, ["activation"], wanted) for path in layer]
    rows = pa.concat_tables(tables).column("activation").combine_chunks()
    # Rows are in order of window and head.
    tokens = rows.flatten().to_numpy().astype(np.float32)
    by_head = tokens.reshape(len(reading.windows), -1, len(rows[0])).transpose(1, 0, 2)
    padded = np.pad(by_head.reshape(len(by_head), -1), ((0, 0), (0, 1)))  # where the last word ends
    return np.maximum.reduceat(padded, reading.spans.ravel(), axis=1)[:, ::2]
