"""The effect size of the mean activation of a text instead of its peak."""

from ..measure import OfTexts
from ..statistics.effect_size import hedges_g

MEASURE = OfTexts(
    name="effect_size_mean",
    label="Effect size (mean)",
    description="The effect size of the mean activation of a test text instead of its peak.",
    place=80,
    chance=0.0,
    needs=("test texts",),
    signed=True,
    of_text="mean",
    compare=hedges_g,
)
