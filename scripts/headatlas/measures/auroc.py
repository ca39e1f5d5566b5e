"""How often a text that should excite a head has a larger peak activation than another."""

from ..measure import OfTexts
from ..statistics.auroc import auroc

MEASURE = OfTexts(
    name="auroc",
    label="Probe AUROC",
    description="Probability that a test text that should excite the head has a larger peak "
    "activation than one that should not.",
    place=70,
    chance=0.5,
    needs=("test texts",),
    of_text="peak",
    compare=auroc,
)
