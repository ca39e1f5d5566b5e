"""How far apart the peak activation of texts that should excite a head and of others lies."""

from ..measure import OfTexts
from ..statistics.effect_size import hedges_g

MEASURE = OfTexts(
    name="effect_size",
    label="Effect size",
    description="Hedges' g of the head's peak activation in test texts that should excite it "
    "against test texts that should not: difference of means in pooled standard deviations, "
    "corrected for small samples.",
    place=60,
    chance=0.0,
    needs=("test texts",),
    signed=True,
    of_text="peak",
    compare=hedges_g,
)
