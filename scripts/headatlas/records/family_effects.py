"""What depends on the families of heads: all heads of one ablated together."""

import pyarrow as pa

from .columns import field

FAMILY_EFFECTS = pa.schema(
    [
        field("cluster", pa.int32(), "number of the family in clusters.json"),
        field("heads", pa.int32(), "how many heads it has"),
        field(
            "figure",
            pa.string(),
            "loss: what the next token costs more without the family; random: without as many "
            "other heads of the same layers, drawn at random, mean over draws; difference: loss "
            "less random",
        ),
        field("value", pa.float64(), "mean over tokens, in nats", nullable=True),
        field("low", pa.float64(), "2.5 % quantile of the bootstrap", nullable=True),
        field("high", pa.float64(), "97.5 % quantile", nullable=True),
        field("n", pa.int32(), "windows of the loss, else draws; what is resampled"),
        field("reason", pa.string(), "why there is no value", nullable=True),
    ]
)
