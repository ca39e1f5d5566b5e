"""How much of what even attention leaves to explain off the first token is explained."""

from ..attention_measures import OFF_FIRST, share_explained

MEASURE = share_explained(
    OFF_FIRST,
    name="attention_explained_off_first",
    label="Attention explained off the first token",
    place=2,
)
