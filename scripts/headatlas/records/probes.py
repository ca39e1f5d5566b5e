"""The test texts of explanations, as the model ran them.

T is the number of tokens of a text.
"""

import pyarrow as pa

from .columns import HEAD, field

PROBES = pa.schema(
    [
        *HEAD,
        field("case", pa.int16(), "number of the test text, from 0"),
        field("positive", pa.bool_(), "whether the explanation says the head is active in it"),
        field("text", pa.string(), "the test text"),
        field("pieces", pa.list_(pa.string()), "[T] text of each token as the model saw it"),
        field("activation", pa.list_(pa.float32()), "[T] measured activation of each token"),
        field("peak", pa.float32(), "largest activation, position 0 left out"),
        field("mean", pa.float32(), "mean activation, position 0 left out"),
    ]
)
