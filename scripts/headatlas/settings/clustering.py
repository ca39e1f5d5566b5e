"""An entry of `clusterings`: how heads are grouped into families."""

from typing import Literal

from pydantic import Field

from .base import Settings, Text


class Clustering(Settings):
    """HDBSCAN on explanations as points."""

    of: Literal["words", "weights"] = Field(
        default="words",
        description="what makes heads alike: the words of their explanations, or the weights of "
        "their programs; explanations in words alone have none",
    )
    encoder: Text = Field(
        default="all-MiniLM-L6-v2",
        description="sentence-transformers model that embeds the words, or its folder",
    )
    min_cluster_size: int = Field(
        default=2, ge=2, le=1_000_000, description="fewest heads that make a family (HDBSCAN)"
    )
    min_samples: int = Field(
        default=1,
        ge=1,
        le=1_000_000,
        description="neighbours that make a head a core point (HDBSCAN)",
    )
