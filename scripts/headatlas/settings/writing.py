"""What is told of a head's writing from the model's weights."""

from pydantic import Field

from .base import Settings, Text


class Writing(Settings):
    """The section `writing`."""

    top: int = Field(
        default=10,
        ge=1,
        le=1_000,
        description="a relation holds for a pair if its target is among so many tokens that the "
        "head raises most, or lowers most, where it attends to the source",
    )
    first_mlp: bool = Field(
        default=True,
        description="whether tokens reach the heads of later layers through the first layer's "
        "MLP, as MAPS has it; false: as their embedding alone",
    )
    relations: Text | None = Field(
        default=None,
        description="table of relations beside those that come with Head Atlas",
        title="a CSV file with the columns relation, source and target, or null",
    )
