"""The probe AUROC of the mean activation of a text instead of its peak."""

from ..measure import OfTexts
from ..statistics.auroc import auroc

MEASURE = OfTexts(
    name="auroc_mean",
    label="Probe AUROC (mean)",
    description="The probe AUROC of the mean activation of a test text instead of its peak.",
    place=90,
    chance=0.5,
    needs=("test texts",),
    of_text="mean",
    compare=auroc,
)
