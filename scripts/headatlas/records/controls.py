"""Which heads are held against each other, and which say the same."""

from typing import Literal

import pyarrow as pa

from .columns import HEAD, field

# A control of the head: another head of the model, or of its layer. A twin says the same.
Relation = Literal["model", "layer", "twin"]

CONTROLS = pa.schema(
    [
        *HEAD,
        field(
            "relation",
            pa.string(),
            "whose explanation it is: another head's of the `model` or of its `layer`, which says "
            "something else, as a control; or a `twin`'s, which says the same",
        ),
        field("rank", pa.int16(), "order within head and relation, from 0; the likest twin first"),
        field("other_layer", pa.int16(), "layer of the other head"),
        field("other_head", pa.int16(), "its number within the layer"),
        field("similarity", pa.float32(), "of what the two explanations say: 1 for the same"),
    ]
)
