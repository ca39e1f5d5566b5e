"""What judges of explanations are asked about."""

import pyarrow as pa

from .columns import HEAD, field

ITEMS = pa.schema(
    [
        *HEAD,
        field("split", pa.string(), "split of the window: validation or test"),
        field(
            "question",
            pa.string(),
            "`active`: is the head active at the query? `attends`: does it attend to the key?",
        ),
        field("window", pa.int32(), "window of the passage, which ends with the query"),
        field("query", pa.int16(), "position of the query"),
        field("key", pa.int16(), "its position; null for the question active", nullable=True),
        field("holds", pa.bool_(), "what the head does there"),
    ]
)
