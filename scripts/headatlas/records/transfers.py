"""Explanations of one corpus on another."""

import pyarrow as pa

from .columns import HEAD, field

STUDY = [
    field("model", pa.string(), "name of the model"),
    field("corpus", pa.string(), "name of the corpus"),
    field("explainer", pa.string(), "name of the explainer"),
]

TRANSFERS = pa.schema(
    [
        *STUDY,
        field("other", pa.string(), "corpus on whose test windows the explanation is scored"),
        *HEAD,
        field("metric", pa.string(), "name of the score"),
        field("value", pa.float64(), "null where it cannot be computed", nullable=True),
        field("low", pa.float64(), "lower end of the 95 % interval", nullable=True),
        field("high", pa.float64(), "upper end", nullable=True),
        field("n", pa.int32(), "observations"),
        field("reason", pa.string(), "why there is no value", nullable=True),
    ]
)
