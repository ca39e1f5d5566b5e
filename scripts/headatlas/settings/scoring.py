"""How explanations are scored."""

from pydantic import Field

from .base import Settings


class Scoring(Settings):
    """The section `scoring`."""

    bootstrap: int = Field(
        default=1000, ge=1, le=100_000, description="resamples behind every interval"
    )
    controls: int = Field(
        default=3,
        ge=0,
        le=1_000,
        description="other heads, whose explanations say something else and are scored for "
        "comparison: as many of the model, and as many of the head's layer, where there are so "
        "many",
    )
    items: int = Field(
        default=20,
        ge=2,
        le=10_000,
        multiple_of=2,
        description="passages of each split on which a head's activity is judged, and as many on "
        "which its attention is; half of them positive",
    )
    random_heads: int = Field(
        default=8,
        ge=0,
        le=1_000_000,
        description="heads of the same architecture with random weights that are explained and "
        "scored likewise: at equal steps among the model's selected heads; 0 for none",
    )
    substitution_windows: int = Field(
        default=8,
        ge=0,
        le=100_000,
        description="test windows on which the model runs with explanations in the place of its "
        "heads' attention, by layer and for more and more heads; 0 for none",
    )
    substitution_head_windows: int = Field(
        default=8,
        ge=0,
        le=100_000,
        description="as many for each head alone, which are most of the passes: four a head; 0 for "
        "none",
    )
