"""What the pages show."""

from pydantic import Field

from .base import Settings, Text


class Report(Settings):
    """The section `report`."""

    title: Text = Field(default="Head Atlas", description="title of the atlas")
    exemplars: int = Field(default=6, ge=0, le=1_000, description="exemplars on the page of a head")
    all_failed: bool = Field(
        default=False,
        description="whether there is an atlas even where every head failed; else that is an error",
    )
