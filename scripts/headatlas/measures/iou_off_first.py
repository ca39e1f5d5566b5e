"""How much predicted and measured attention off the first token overlap."""

from ..attention_measures import OFF_FIRST, overlap_of

MEASURE = overlap_of(
    OFF_FIRST,
    name="iou_off_first",
    label="IoU off the first token",
    place=4,
    which="position 0 left out",
)
