"""The windows of a corpus as tokens of a model.

T is the number of tokens of a window.
"""

import pyarrow as pa

from .columns import field

WINDOWS = pa.schema(
    [
        field("window", pa.int32(), "number of the window, from 0 in file order"),
        field("split", pa.string(), "train, validation or test; a document is in one of them"),
        field("document", pa.string(), "name of the document it was cut from"),
        field("start", pa.int32(), "character of the document at which its text begins"),
        field("sampled", pa.bool_(), "in the seeded sample for which attention is kept"),
        field("tokens", pa.list_(pa.int32()), "[T] token ids, BOS included"),
        field("pieces", pa.list_(pa.string()), "[T] text of each token; broken UTF-8 as \\xNN"),
    ]
)
