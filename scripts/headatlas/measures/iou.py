"""How much predicted and measured attention overlap."""

from ..attention_measures import WHOLE, overlap_of

MEASURE = overlap_of(
    WHOLE,
    name="iou",
    label="IoU",
    place=3,
    which="position 0 included (Hayes et al. 2026)",
)
