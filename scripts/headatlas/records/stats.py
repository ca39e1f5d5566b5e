"""Head metrics over the sampled windows."""

import pyarrow as pa

from .columns import HEAD, field

STATS = pa.schema(
    [
        *HEAD,
        field("metric", pa.string(), "head metric"),
        field("value", pa.float32(), "mean over the sampled windows"),
        field("low", pa.float32(), "2.5 % quantile of the bootstrap over windows"),
        field("high", pa.float32(), "97.5 % quantile"),
        field("n", pa.int32(), "windows"),
    ]
)
