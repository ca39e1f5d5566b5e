"""The seed of a run."""

from typing import Annotated

from pydantic import Field

from .base import Settings

SeedNumber = Annotated[
    int, Field(default=0, ge=0, le=2**32 - 1, description="where every random choice begins")
]


class Seed(Settings):
    """The seed alone, as scripts are told it."""

    seed: SeedNumber
