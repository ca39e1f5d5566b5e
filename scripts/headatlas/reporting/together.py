"""What is lost without families of heads, beside their heads one by one and random heads."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from headatlas.records.clusters import Cluster, Clusters

from .dependence import KIND, Dependence

Row = Mapping[str, Any]


class Together(NamedTuple):
    """Of one family; the rows are of `records.family_effects.FAMILY_EFFECTS`.

    `alone` is the sum of what is lost without each of its heads by itself, None if one of them was
    not ablated.
    """

    cluster: Cluster
    loss: Row
    random: Row
    difference: Row
    alone: float | None


def together(
    rows: Iterable[Row], clusters: Clusters, depends: Dependence | None
) -> dict[int, Together]:
    """Families by their number, that on which most depends first."""
    figures: dict[int, dict[str, Row]] = {}
    for row in rows:
        figures.setdefault(row["cluster"], {})[row["figure"]] = row
    of = {cluster.cluster: cluster for cluster in clusters.clusters}
    found = [
        Together(of[number], **own, alone=_alone(of[number], depends))
        for number, own in figures.items()
    ]
    found.sort(key=lambda family: -(family.loss["value"] or 0.0))
    return {family.cluster.cluster: family for family in found}


def _alone(cluster: Cluster, depends: Dependence | None) -> float | None:
    ablated = depends.ablated if depends else {}
    if not all(name in ablated for name in cluster.heads):
        return None
    return float(sum(ablated[name][KIND, "loss"]["value"] for name in cluster.heads))
