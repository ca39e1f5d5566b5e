"""How it is measured what depends on a head."""

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from .base import Settings

_ALL_OR_NUMBER = WithJsonSchema(
    {"type": ["string", "integer"], "pattern": "^all$", "minimum": 1, "maximum": 1_000_000}
)


class Effects(Settings):
    """The section `effects`."""

    test_windows: int = Field(
        default=4,
        ge=0,
        le=100_000,
        description="sampled test windows on which the model runs without each head: two passes a "
        "head, from its layer on; 0 for none",
    )
    reference_windows: int = Field(
        default=32,
        ge=2,
        le=10_000,
        description="train windows whose mean at each position stands for what an ablated head "
        "does, and one of which is drawn for each test window to stand for it",
    )
    exact: Annotated[Literal["all"] | Annotated[int, Field(ge=1, le=1_000_000)], _ALL_OR_NUMBER] = (
        Field(
            default="all",
            description="heads that are ablated: all, or so many with the largest estimates by "
            "gradients, which all have",
            title="all, or a number of heads from 1",
        )
    )
    family_draws: int = Field(
        default=5,
        ge=0,
        le=1000,
        description="sets of random heads that are ablated beside each family of heads, as many of "
        "the same layers; a pass each, and one for the family",
    )
    zero: bool = Field(
        default=False,
        description="whether heads are also ablated to nothing, which the later layers have never "
        "met: a head may look important by that alone",
    )
