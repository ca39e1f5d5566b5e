"""What caching keeps of a layer, and the metrics of its heads.

Symbols: T tokens of a window, K keys kept of each query row, position 0 the first token
of a window (the BOS token where there is one).
"""

import pyarrow as pa

from .columns import field

HEAD_METRICS = (
    "previous_token",
    "current_token",
    "duplicate_token",
    "induction",
    "sink",
    "entropy",
    "distance_mean",
    "distance_variance",
    "delimiter",
)

ACTIVATIONS = pa.schema(
    [
        field("window", pa.int32(), "window of the row"),
        field("head", pa.int16(), "head of the row; the layer is in the file name"),
        field("activation", pa.list_(pa.float16()), "[T] activation of the head at each token"),
        field(
            "keys",
            pa.list_(pa.int16()),
            "[T*K] key 0 and the key positions of largest attention, row after row, -1 where there "
            "is none; null where attention was not kept",
            nullable=True,
        ),
        field("weights", pa.list_(pa.float16()), "[T*K] their attention weights", nullable=True),
        field(
            "value_norm",
            pa.list_(pa.float16()),
            "[T] norm of what the head would write if it attended to this token alone, |v W_O|",
            nullable=True,
        ),
        field(
            "attention",
            pa.list_(pa.float16()),
            "[T(T+1)/2] attention of each query to the keys up to it, row after row, of the "
            "sampled windows; half precision, so that a row sums to 1 within a thousandth; null "
            "elsewhere",
            nullable=True,
        ),
        *(
            field(metric, pa.float32(), "head metric of this window", nullable=True)
            for metric in HEAD_METRICS
        ),
    ]
)
