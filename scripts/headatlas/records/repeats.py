"""Attention on repeated random tokens."""

import pyarrow as pa

from .columns import HEAD, field

REPEATS = pa.schema(
    [
        *HEAD,
        field(
            "metric",
            pa.string(),
            "prefix_matching, duplicate_token, previous_token, current_token or sink",
        ),
        field(
            "length",
            pa.int16(),
            "tokens that are said twice; null for the rows of all lengths together",
            nullable=True,
        ),
        field("value", pa.float32(), "mean attention, over the queries of the second saying"),
        field("low", pa.float32(), "2.5 % quantile of the bootstrap over rows"),
        field("high", pa.float32(), "97.5 % quantile"),
        field("n", pa.int32(), "rows, each of its own random tokens"),
    ]
)
