"""What the variants of a study do to the families of heads."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from ..clustering.agreement import rand_index
from ..intervals import Estimate
from ..records.clusters import Clusters
from . import families
from .arms import Arm, Found, reference_of
from .differences import Difference, of_deviations
from .tables import Compared, Sampling, compared_means


def compared_families(
    arms: Sequence[Arm], found: Mapping[str, Found], sampling: Sampling
) -> Iterator[Compared]:
    """The measures of families of the variants that have some, and their differences."""
    clusters = {arm.label: c for arm in arms if (c := found[arm.label].clusters)}
    own = [arm for arm in arms if arm.label in clusters]
    yield from _counts(own, clusters)
    inside = {label: families.in_a_family(c) for label, c in clusters.items()}
    grouped = [arm for arm in own if inside[arm.label]]
    yield from compared_means(grouped, families.IN_A_FAMILY.name, inside, sampling)
    yield from _agreement(own, clusters, sampling.seed)
    yield from _as_before(own, clusters, sampling.seed)


def _counts(arms: Sequence[Arm], clusters: Mapping[str, Clusters]) -> Iterator[Compared]:
    for arm in arms:
        counted, heads = (
            {a.label: len(of(clusters[a.label])) for a in arms}
            for of in (lambda c: c.clusters, families.explained)
        )
        reference, change = reference_of(arm, arms), None
        if reference:
            more = counted[arm.label] - counted[reference.label]
            few = min(heads[arm.label], heads[reference.label])
            paired = arm.model == reference.model
            change = Difference(Estimate(more, None, None, few), None, None, paired)
        value = Estimate(counted[arm.label], None, None, heads[arm.label])
        yield Compared(arm, families.COUNT.name, value, reference=reference, difference=change)


def _agreement(
    arms: Sequence[Arm], clusters: Mapping[str, Clusters], seed: int
) -> Iterator[Compared]:
    """Of the families by words and by weights; with the same halves of the same heads."""
    both = {arm.label: families.agreement(clusters[arm.label]) for arm in arms}
    own = [arm for arm in arms if both[arm.label]]
    on_halves = {}
    for arm in own:
        heads, one, other_way = both[arm.label] or ([], [], [])
        rand = partial(families.rand, one, other_way)
        on_halves[arm.label] = families.on_halves(rand, len(heads), seed)
    references = {arm.label: reference_of(arm, own) for arm in own}
    comparisons = sum(reference is not None for reference in references.values())
    for arm in own:
        estimate, deviations = on_halves[arm.label]
        reference, change = references[arm.label], None
        if reference:
            other, others = on_halves[reference.label]
            few = min(len(deviations), len(others))
            same = (both[arm.label] or [()])[0] == (both[reference.label] or [()])[0]
            # Halves of other heads are drawn by themselves: in what order they come is nothing.
            rng = np.random.default_rng([seed, 1])
            drawn = deviations[:few] - (others[:few] if same else rng.permutation(others)[:few])
            change = of_deviations(estimate, other, drawn, comparisons, paired=same)
        record = clusters[arm.label].other
        chance = record.chance if record else None
        yield Compared(arm, families.AGREEMENT.name, estimate, chance, reference, change)


def _as_before(
    arms: Sequence[Arm], clusters: Mapping[str, Clusters], seed: int
) -> Iterator[Compared]:
    """Of the families of a variant and of its reference, over the heads that both have grouped."""
    for arm in arms:
        reference = reference_of(arm, arms)
        if reference is None or reference.model != arm.model:
            continue
        known = set(families.explained(clusters[reference.label]))
        heads = [head for head in families.explained(clusters[arm.label]) if head in known]
        if len(heads) > 1:
            own, before = (families.labels_of(clusters[a.label], heads) for a in (arm, reference))
            rand = partial(families.rand, own, before)
            estimate, _ = families.on_halves(rand, len(heads), seed)
            chance = rand_index(own, before)[1]
            yield Compared(arm, families.AS_BEFORE.name, estimate, chance)
