"""How many nats a query better than even attention the prediction off the first token is."""

from ..attention_measures import OFF_FIRST, gain_over_even

MEASURE = gain_over_even(
    OFF_FIRST,
    name="attention_gain_off_first",
    label="Gain over even attention off the first token",
    place=6,
)
