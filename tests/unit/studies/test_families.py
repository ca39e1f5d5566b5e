"""Families in a study: agreement of groupings, with intervals from halves of the heads."""

import numpy as np
import pytest

from headatlas.records.clusters import Cluster, Clusters
from headatlas.studies.families import explained, in_a_family, labels_of, on_halves, rand


def clusters(*groups: list[str], unclustered: list[str]) -> Clusters:
    made = [
        Cluster(
            cluster=n, label=f"f{n}", terms=[], heads=group, medoid=group[0],
            agreement=1.0, specificity=1.0, coverage=0.5,
        )
        for n, group in enumerate(groups)
    ]  # fmt: skip
    return Clusters(
        model="m", corpus="c", explainer="e", clustering="k",
        clusters=made, unclustered=unclustered, unexplained=["L09H09"],
    )  # fmt: skip


def test_heads_in_and_out_of_families() -> None:
    found = clusters(["L00H00", "L00H02"], ["L01H00", "L01H01"], unclustered=["L00H01"])
    heads = explained(found)
    assert heads == ["L00H00", "L00H01", "L00H02", "L01H00", "L01H01"]
    assert in_a_family(found) == {(0, 0): 1, (0, 1): 0, (0, 2): 1, (1, 0): 1, (1, 1): 1}
    one, lone, same, *rest = labels_of(found, heads)
    assert one == same != lone and rest[0] == rest[1] not in (one, lone)


def test_agreement_is_the_adjusted_rand_index() -> None:
    """Two pairs against one pair and two lone heads, by hand: of the 6 pairs of heads 1 is in both,
    2 and 1 are in either, 1/3 is expected: (1 - 1/3) / (1.5 - 1/3)."""
    everyone = np.arange(4)
    assert rand([0, 0, 1, 1], [0, 0, 1, 2], everyone) == pytest.approx((1 - 1 / 3) / (1.5 - 1 / 3))
    assert rand([0, 0, 1, 1], [0, 1, 2, 2], np.array([2, 3])) == 1.0


def test_intervals_from_halves_are_about_as_wide_as_other_heads_make_them() -> None:
    """Of the mean of n normal values, whose standard deviation is known: 1/√n."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=200)
    estimate, deviations = on_halves(lambda some: float(values[some].mean()) / 8, 200, 0)
    assert estimate.value == pytest.approx(values.mean() / 8) and estimate.n == 200
    assert 8 * deviations.std() == pytest.approx(1 / np.sqrt(200), rel=0.15)
    assert estimate.low is not None and estimate.high is not None
    assert 8 * (estimate.high - estimate.low) == pytest.approx(2 * 1.96 / np.sqrt(200), rel=0.2)


def test_three_heads_have_no_interval() -> None:
    estimate, deviations = on_halves(lambda some: 0.5, 3, 0)
    assert estimate[:3] == (0.5, None, None) and not len(deviations)
