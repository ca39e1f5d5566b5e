"""Families of heads."""

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


class Clusters(Record):
    """`clusters.json`."""

    version: int = VERSION
    model: str
    corpus: str
    explainer: str
    clustering: str
    clusters: list[Cluster]
    unclustered: list[str] = Field(description="explained heads in no family")
    unexplained: list[str] = Field(description="heads that had no explanation to cluster")
