"""How much of what even attention leaves to explain of a head's attention is explained."""

from ..attention_measures import WHOLE, share_explained

MEASURE = share_explained(
    WHOLE,
    name="attention_explained",
    label="Attention explained",
    place=1,
)
