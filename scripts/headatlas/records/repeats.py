"""Attention on repeated random tokens."""

import pyarrow as pa

from .columns import HEAD, field

REPEATS = pa.schema(
    [
        *HEAD,
        field("metric", pa.string(), "prefix_matching, duplicate_token, previous_token or sink"),
        field("value", pa.float32(), "mean attention, over the queries of the second saying"),
    ]
)
