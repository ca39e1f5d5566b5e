"""What an explainer is shown of what heads add to the logits: train text alone."""

import pyarrow as pa

from .columns import HEAD, field
from .direct import OBJECTS

WRITE_EVIDENCE = pa.schema(
    [
        *HEAD,
        field("window", pa.int32(), "sampled window of the train split"),
        field("query", pa.int16(), "one of those where the head is most active in the window"),
        field("key", pa.int16(), "key that it attends to most, position 0 left out"),
        field("share", pa.float32(), "attention to that key"),
        *[
            field(f"{name}_above", pa.float32(), f"share of the vocabulary to which less is added "
                  f"than to {words}; null if there is none", nullable=True)
            for name, words in OBJECTS.items()
        ],
        field("raised", pa.list_(pa.string()), "tokens to which most is added, the most first"),
        field("lowered", pa.list_(pa.string()), "tokens from which most is taken"),
    ]
)  # fmt: skip
