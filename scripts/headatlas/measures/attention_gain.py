"""How many nats a query better than even attention the prediction of a head's attention is."""

from ..attention_measures import WHOLE, gain_over_even

MEASURE = gain_over_even(
    WHOLE,
    name="attention_gain",
    label="Gain over even attention",
    place=5,
)
