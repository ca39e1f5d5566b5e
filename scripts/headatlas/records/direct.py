"""What heads add to the logits where they are run on text."""

import pyarrow as pa

from .columns import HEAD, field

# The tokens that a head may be about, at a query.
OBJECTS = {
    "attended": "the token it attends to most, the first of the window left out",
    "after_attended": "the token after that one",
    "current": "the current token",
}


def _of_object(name: str, words: str) -> list[pa.Field]:
    return [
        field(f"{name}_token", pa.int32(), f"{words}; null if there is none", nullable=True),
        field(f"{name}_effect", pa.float32(), f"what is added to {words}; null if there is none",
              nullable=True),
        field(f"{name}_matched", pa.float32(), "the same to this token of the head's other queries "
              "of the split and kind, mean", nullable=True),
        field(f"{name}_above", pa.float32(), "share of the vocabulary to which less is added",
              nullable=True),
    ]  # fmt: skip


DIRECT = pa.schema(
    [
        *HEAD,
        field("split", pa.string(), "split of the window"),
        field(
            "kind",
            pa.string(),
            "active: where the head is most active in the window, for up to four tokens that "
            "it attends to; random",
        ),
        field("window", pa.int32(), "sampled window"),
        field("query", pa.int16(), "position of the query"),
        field("key", pa.int16(), "key that it attends to most, position 0 left out"),
        field("share", pa.float32(), "attention to that key"),
        field("spread", pa.float32(), "standard deviation over the vocabulary of what is added"),
        *[part for name, words in OBJECTS.items() for part in _of_object(name, words)],
        field("raised", pa.list_(pa.int32()), "tokens to which most is added, the most first"),
        field("lowered", pa.list_(pa.int32()), "tokens from which most is taken"),
    ]
)
