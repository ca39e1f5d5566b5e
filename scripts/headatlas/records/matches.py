"""Heads of two models that do the same."""

import pyarrow as pa

from .columns import HEAD, field

MATCHES = pa.schema(
    [
        field("model", pa.string(), "model of the head; heads of both models are in the table"),
        *HEAD,
        field("other", pa.string(), "the other model"),
        field("other_layer", pa.int16(), "layer of the head in the other model"),
        field("other_head", pa.int16(), "its number within the layer"),
        field("rank", pa.int16(), "0 for the best match of the head, then the next best"),
        field("similarity", pa.float32(), "Pearson correlation of what sets the two heads apart"),
        field("null95", pa.float32(), "95 % quantile of the best similarity by chance"),
        field(
            "p", pa.float32(), "(1 + shuffles whose best similarity is as large) / (1 + shuffles)"
        ),
        field("mutual", pa.bool_(), "whether each of the two is the best match of the other"),
        field("words", pa.int32(), "words of test passages behind the similarity"),
    ]
)
