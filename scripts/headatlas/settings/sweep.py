"""What is run."""

from typing import Annotated

from pydantic import Field

from .base import Settings

Names = Annotated[
    list[str],
    Field(
        min_length=1,
        title="a list of names, each once",
        json_schema_extra={"uniqueItems": True},
    ),
]


class Sweep(Settings):
    """Names of entries of four sections, in the order of result paths."""

    models: Names = Field(default=["demo"], description="names of models")
    corpora: Names = Field(default=["python-docs"], description="names of corpora")
    explainers: Names = Field(default=["symbolic"], description="names of explainers")
    clusterings: Names = Field(default=["minilm"], description="names of clusterings")
