"""The tables of a comparison, as rows."""

from dataclasses import dataclass, field

from ..records.comparison import SharedClusters
from .sweep import Row


@dataclass
class Tables:
    """Rows by table; the schemas are in `records`. What has nothing to compare is empty."""

    runs: list[Row]
    quality: list[Row]
    differences: list[Row]
    counterparts: list[Row] = field(default_factory=list)
    universality: list[Row] = field(default_factory=list)
    agreement: list[Row] = field(default_factory=list)
    families: list[SharedClusters] = field(default_factory=list)
    generalisation: list[Row] = field(default_factory=list)
    holding: list[Row] = field(default_factory=list)
    claims: list[Row] = field(default_factory=list)
    claim_agreement: list[Row] = field(default_factory=list)
    ratings: list[Row] = field(default_factory=list)
