"""What the program of an explanation predicts of its head in windows that it knows by their text.

They are the random windows of the validation and test splits, which are the same for every
head, so that one head's predictions can be held against another's activations as a control.
T is the number of tokens of a window.
"""

import pyarrow as pa

from .columns import HEAD, field

PREDICTIONS = pa.schema(
    [
        *HEAD,
        field("split", pa.string(), "split of the window: validation or test"),
        field("window", pa.int32(), "number of the window"),
        field("activation", pa.list_(pa.float32()), "[T] predicted activation of each token"),
        field(
            "attention",
            pa.list_(pa.float16()),
            "[T(T+1)/2] predicted attention, the keys 0 to q of each query q, row after row",
        ),
        field(
            "position",
            pa.list_(pa.float16()),
            "[T(T+1)/2] what the position model of the same explanation predicts: distance and "
            "the first token alone",
        ),
    ]
)
