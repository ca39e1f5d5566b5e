"""The families by what else heads can be grouped by, beside those of a run."""

from collections.abc import Sequence
from typing import Literal

from ..records.clusters import Cluster, OtherFamilies
from ..records.explanation import Explanation
from ..settings.clustering import Clustering
from .agreement import group_numbers, pairs_kept, rand_index
from .families import describe_families
from .points import points_of

_DIGITS = 6
_OTHER: dict[str, Literal["words", "weights"]] = {"words": "weights", "weights": "words"}


def other_families(
    names: Sequence[str],
    explanations: Sequence[Explanation],
    clusters: Sequence[Cluster],
    settings: Clustering,
) -> OtherFamilies | None:
    """Families by weights beside `clusters` by words, or the other way round.

    None where no explanation is a program, for then there are no weights. Raises InputError if
    the encoder cannot be loaded.
    """
    if not any(explanation.program for explanation in explanations):
        return None
    of = _OTHER[settings.of]
    settings = settings.model_copy(update={"of": of})
    others, _ = describe_families(names, explanations, points_of(explanations, settings), settings)
    own, found = (
        group_numbers(names, [cluster.heads for cluster in kind]) for kind in (clusters, others)
    )
    index, chance = rand_index(own, found)
    kept, shared = pairs_kept(own, found), pairs_kept(found, own)
    return OtherFamilies(
        of=of,
        clusters=others,
        rand_index=round(index, _DIGITS),
        chance=round(chance, _DIGITS),
        pairs_kept=None if kept is None else round(kept, _DIGITS),
        pairs_shared=None if shared is None else round(shared, _DIGITS),
    )
