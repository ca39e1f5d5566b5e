"""Exemplars: the windows of each head that are looked at.

Symbols: T tokens of a window, K keys kept of each query row, position 0 the first token
of a window (the BOS token where there is one).
"""

from typing import Literal, get_args

import pyarrow as pa

from .columns import HEAD, field

Kind = Literal["top", "quantile", "random"]
KINDS: tuple[Kind, ...] = get_args(Kind)

EVENTS = pa.schema(
    [
        *HEAD,
        field("split", pa.string(), "split of the window"),
        field(
            "kind", pa.string(), "top, quantile (by peak activation) or random (same for all heads)"
        ),
        field("rank", pa.int16(), "order within split and kind, from 0"),
        field("window", pa.int32(), "window of the exemplar"),
        field("document", pa.string(), "document of the window"),
        field("context_kind", pa.string(), "kind of text: code, prose, table or other"),
        field("query", pa.int16(), "position of largest activation, position 0 left out"),
        field("peak", pa.float32(), "activation there"),
        field("tokens", pa.list_(pa.int32()), "[T] token ids"),
        field("pieces", pa.list_(pa.string()), "[T] text of each token"),
        field("activation", pa.list_(pa.float32()), "[T] activation of each token"),
        field("keys", pa.list_(pa.int16()), "[T*K] key 0 and the largest others, -1 for none"),
        field("weights", pa.list_(pa.float32()), "[T*K] their attention weights"),
        field("value_norm", pa.list_(pa.float32()), "[T] |v W_O| of each token"),
        field(
            "attention",
            pa.list_(pa.float16()),
            "[T(T+1)/2] attention of each query to the keys up to it, row after row, in a random "
            "window; half precision, so that a row sums to 1 within a thousandth; null for other "
            "kinds",
            nullable=True,
        ),
    ]
)
