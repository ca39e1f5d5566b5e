"""What people say of explanations: their ratings, what follows from them, and their own words."""

import pyarrow as pa

from .base import Record
from .columns import HEAD, field

_RUN = [
    field("model", pa.string(), "name of the model in the configuration"),
    field("corpus", pa.string(), "name of the corpus"),
    field("explainer", pa.string(), "name of the explainer"),
    field("round", pa.int16(), "round of refinement, from 0"),
]

RATINGS = pa.schema(
    [
        *_RUN,
        field("rater", pa.int16(), "number of the rater, from 1, in the order of arrival"),
        field("place", pa.int16(), "place of the trial in the order of the rater, from 0"),
        *HEAD,
        field(
            "kind",
            pa.string(),
            "whose explanation was shown: the head's own (true), another's (control), or that of "
            "the control least like it (catch)",
        ),
        field("other_layer", pa.int16(), "layer of the head whose explanation it is"),
        field("other_head", pa.int16(), "its number within the layer"),
        field("repeats", pa.int16(), "place of the trial that is shown again", nullable=True),
        field("current", pa.bool_(), "whether the explanation still is what was shown"),
        field("rating", pa.int8(), "1 to 5; null if not given", nullable=True),
        field("unsure", pa.bool_(), "could not tell what to mark; null: not asked", nullable=True),
        field("active", pa.int16(), "tokens to mark at which the head is active", nullable=True),
        field("active_marked", pa.int16(), "of these, marked", nullable=True),
        field("inactive", pa.int16(), "tokens at which it is not active", nullable=True),
        field("inactive_marked", pa.int16(), "of these, marked", nullable=True),
    ]
)

RATING_SCORES = pa.schema(
    [
        *_RUN,
        field("raters", pa.string(), "whose ratings: all, trusted, or the number of one"),
        field("measure", pa.string(), "what is told of them"),
        field("metric", pa.string(), "the score that ratings are held against", nullable=True),
        field("value", pa.float64(), "null where it cannot be computed", nullable=True),
        field("low", pa.float64(), "lower end of the 95 % interval", nullable=True),
        field("high", pa.float64(), "upper end", nullable=True),
        field("n", pa.int32(), "heads, trials or units"),
        field("reason", pa.string(), "why there is no value", nullable=True),
    ]
)


class Words(Record):
    """A line of the file of what people wrote: an explanation of a head."""

    model: str
    layer: int
    head: int
    rater: str
    text: str
