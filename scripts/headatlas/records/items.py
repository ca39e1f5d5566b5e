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
            "`active`: is the head active at the query? `attends`: does it attend to the key? "
            "`marked`: are the marks where it is active? `levels`: how active is it at each mark?",
        ),
        field("window", pa.int32(), "window of the passage, which ends with the query"),
        field("query", pa.int16(), "position of the query"),
        field("key", pa.int16(), "its position, of the question attends alone", nullable=True),
        field("holds", pa.bool_(), "what the head does there; null for levels", nullable=True),
        field(
            "marks", pa.list_(pa.int16()), "positions asked about, of the last two questions alone"
        ),
    ]
)
