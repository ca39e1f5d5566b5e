"""Families of heads."""

from typing import Literal

from pydantic import Field

from .base import VERSION, Record


class Cluster(Record):
    """A family of heads whose explanations are alike."""

    cluster: int
    label: str
    terms: list[str] = Field(description="words that set it apart, strongest first")
    heads: list[str] = Field(description="its heads, as LxxHyy")
    medoid: str = Field(description="the head nearest to all others of the family")
    agreement: float = Field(description="mean cosine similarity between its explanations")
    specificity: float = Field(description="agreement minus mean similarity to heads outside")
    coverage: float = Field(description="share of all explained heads")


class OtherFamilies(Record):
    """Families by what else heads can be grouped by, and how the two groupings agree.

    A head in no family is one of its own there.
    """

    of: Literal["words", "weights"] = Field(description="what makes heads alike in them")
    clusters: list[Cluster]
    rand_index: float = Field(
        description="adjusted Rand index: 1 where the groupings are the same, 0 by chance"
    )
    chance: float = Field(description="its 95 % quantile where heads change places at random")
    pairs_kept: float | None = Field(
        description="of pairs of heads in one of the run's families, the share in one of these too"
    )
    pairs_shared: float | None = Field(description="and the other way round")


class Clusters(Record):
    """`clusters.json`."""

    version: int = VERSION
    model: str
    corpus: str
    explainer: str
    clustering: str
    of: Literal["words", "weights"] = Field(
        default="words",
        description="what makes heads alike: the words of their explanations, or "
        "the weights of their programs",
    )
    clusters: list[Cluster]
    unclustered: list[str] = Field(description="explained heads in no family")
    unexplained: list[str] = Field(description="heads that had no explanation to cluster")
    other: OtherFamilies | None = Field(
        default=None, description="null where explanations have no programs"
    )
