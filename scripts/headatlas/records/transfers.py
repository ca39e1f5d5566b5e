"""Explanations of one corpus on another."""

import pyarrow as pa

from .columns import HEAD, field

STUDY = [
    field("model", pa.string(), "name of the model"),
    field("corpus", pa.string(), "name of the corpus"),
    field("explainer", pa.string(), "name of the explainer"),
]
# Beside scores, their controls and margins: whether the explanation holds there (1 or 0, null
# where that is not known), and at how many queries what it names is there.
HOLDS, ACTIVE_QUERIES = "holds", "active_queries"

TRANSFERS = pa.schema(
    [
        *STUDY,
        field("other", pa.string(), "corpus on whose test windows the explanation is scored"),
        *HEAD,
        field(
            "metric",
            pa.string(),
            "name of a score, of its position control (the position model fitted on the other "
            "corpus) or of the margin over that; holds: the verdict; active_queries: those at "
            "which what it names is there",
        ),
        field(
            "value",
            pa.float64(),
            "of holds 1 or 0; null where it cannot be computed",
            nullable=True,
        ),
        field("low", pa.float64(), "lower end of the 95 % interval", nullable=True),
        field("high", pa.float64(), "upper end", nullable=True),
        field("n", pa.int32(), "observations; of holds and active_queries: active queries"),
        field("reason", pa.string(), "why there is no value", nullable=True),
    ]
)
