"""Families across models: the explained heads of all models, grouped together."""

from collections import Counter
from collections.abc import Sequence

from ..clustering.families import describe_families
from ..records.comparison import SharedCluster, SharedClusters
from ..settings.clustering import Clustering
from .sweep import Study, name_of
from .wording import Points


def shared_clusters(
    studies: Sequence[Study],
    clustering: str,
    points: Points,
    settings: Clustering,
) -> SharedClusters:
    """Families of all models' heads, those of most models first, then the largest."""
    heads = [(study, at, e) for study in studies for at, e in study.with_explanation.items()]
    explanations = [e for _, _, e in heads]
    names = [f"{study.model}/{name_of(at)}" for study, at, _ in heads]
    clusters, unclustered = describe_families(
        names, explanations, points.of(explanations), settings
    )
    shared = [
        SharedCluster(
            **cluster.model_dump(),
            models=dict(Counter(name.split("/")[0] for name in cluster.heads)),
        )
        for cluster in clusters
    ]
    shared.sort(key=lambda cluster: -len(cluster.models))
    return SharedClusters(
        corpus=studies[0].corpus,
        explainer=studies[0].explainer,
        clustering=clustering,
        clusters=[c.model_copy(update={"cluster": n}) for n, c in enumerate(shared)],
        unclustered=unclustered,
    )
