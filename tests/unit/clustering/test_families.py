"""Families of heads: what HDBSCAN is given, what comes out, and how it is measured."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headatlas.clustering.agreement import (
    agreement,
    coverage,
    group_numbers,
    medoid,
    pairs_kept,
    rand_index,
    specificity,
)
from headatlas.clustering.families import describe_families, find_families
from headatlas.records.base import head_name
from headatlas.records.explanation import Behaviour, Explanation
from headatlas.settings.clustering import Clustering

PAIRS = Clustering()


def directions(*degrees: float) -> np.ndarray:
    """Unit vectors in the plane; 25.8 degrees are a cosine of 0.9."""
    angles = np.radians(degrees)
    return np.column_stack([np.cos(angles), np.sin(angles)])


def cosines(*degrees: float) -> np.ndarray:
    points = directions(*degrees)
    return np.clip(points @ points.T, -1, 1)


def explanation(head: int, family: str, attends_to: str = "a key") -> Explanation:
    behaviour = Behaviour(
        attends_to=attends_to,
        active_when="",
        family=family,
        frequency=None,
    )
    return Explanation(
        model="m",
        corpus="c",
        explainer="e",
        round=0,
        layer=0,
        head=head,
        status="explained",
        reason=None,
        title="t",
        summary="",
        behaviours=[behaviour],
        program=None,
        confidence=None,
        positive_texts=[],
        negative_texts=[],
    )


def test_identical_explanations_are_families() -> None:
    families = find_families(cosines(0, 90, 0, 90, 0, 90, 0), 3, 1)
    assert sorted(families) == [[0, 2, 4, 6], [1, 3, 5]]


def test_wordings_of_one_behaviour_are_one_family() -> None:
    # Twice three identical explanations, 20 degrees apart, and a far family.
    families = find_families(cosines(0, 0, 0, 20, 20, 20, 120, 120, 120), 3, 1)
    assert sorted(families) == [[0, 1, 2, 3, 4, 5], [6, 7, 8]]


def test_families_that_are_near_each_other_stay_apart_where_another_is_far() -> None:
    families = find_families(cosines(0, 0, 0, 30, 30, 30, 150, 150, 150), 3, 1)
    assert sorted(families) == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def test_the_only_family_is_found_though_there_is_no_second() -> None:
    assert find_families(cosines(0, 0, 0, 0), 3, 1) == [[0, 1, 2, 3]]
    assert find_families(cosines(90, 0, 0, 10, 180), 3, 1) == [[1, 2, 3]]


@pytest.mark.parametrize("heads", [0, 1, 2])
def test_too_few_heads_make_no_family(heads: int) -> None:
    assert find_families(cosines(*[0] * heads), 3, 1) == []


@pytest.mark.parametrize("min_samples", [1, 2, 10])
def test_two_heads_can_be_a_family(min_samples: int) -> None:
    assert find_families(cosines(0, 0), 2, min_samples) == [[0, 1]]
    assert find_families(cosines(0, 60), 2, min_samples) == []


def test_heads_unlike_all_others_are_in_no_family() -> None:
    assert find_families(cosines(0, 45, 90, 135, 180), 3, 1) == []


@settings(deadline=None)  # the first example imports a large library
@given(
    st.lists(st.sampled_from([0, 5, 60, 100, 110, 180]), max_size=14),
    st.integers(2, 4),
    st.integers(1, 3),
)
def test_families_are_disjoint_and_large_enough(
    degrees: list[int], min_cluster_size: int, min_samples: int
) -> None:
    families = find_families(cosines(*degrees), min_cluster_size, min_samples)
    members = [head for family in families for head in family]
    assert len(members) == len(set(members))
    assert all(len(family) >= min_cluster_size for family in families)


def test_heads_without_a_place_are_in_no_family() -> None:
    similarity = cosines(0, 90, 0, 90, 0, 90, 0)
    similarity[[2, 3]] = similarity[:, [2, 3]] = 0
    assert sorted(find_families(similarity, 2, 1)) == [[0, 4, 6], [1, 5]]


def test_agreement_specificity_coverage_and_medoid_by_hand() -> None:
    similarity = np.array(
        [
            [1.0, 0.8, 0.6, 0.1],
            [0.8, 1.0, 0.7, 0.2],
            [0.6, 0.7, 1.0, 0.3],
            [0.1, 0.2, 0.3, 1.0],
        ]
    )
    members = [0, 1, 2]
    assert agreement(similarity, members) == pytest.approx(0.7)
    assert specificity(similarity, members) == pytest.approx(0.7 - 0.2)
    assert coverage(similarity, members) == 0.75
    assert medoid(similarity, members) == 1


def test_without_heads_outside_specificity_is_agreement() -> None:
    similarity = cosines(0, 60)
    assert specificity(similarity, [0, 1]) == pytest.approx(0.5)


def test_families_come_largest_first_and_then_by_medoid() -> None:
    degrees = [120, 120, 0, 0, 60, 60, 60, 240]
    names = [head_name(0, head) for head in range(len(degrees))]
    explanations = [explanation(head, f"at {angle}") for head, angle in enumerate(degrees)]
    clusters, unclustered = describe_families(names, explanations, directions(*degrees), PAIRS)
    assert [cluster.heads for cluster in clusters] == [
        ["L00H04", "L00H05", "L00H06"],
        ["L00H00", "L00H01"],
        ["L00H02", "L00H03"],
    ]
    assert [cluster.cluster for cluster in clusters] == [0, 1, 2]
    assert [cluster.medoid for cluster in clusters] == ["L00H04", "L00H00", "L00H02"]
    assert [cluster.label for cluster in clusters] == ["at 60", "at 120", "at 0"]
    assert [cluster.coverage for cluster in clusters] == [0.375, 0.25, 0.25]
    assert clusters[0].agreement == 1
    assert unclustered == ["L00H07"]


def test_without_explanations_there_is_nothing_to_describe() -> None:
    assert describe_families([], [], np.empty((0, 0)), PAIRS) == ([], [])


def test_how_two_groupings_agree() -> None:
    groups = [["b", "a"], ["d", "e"]]
    assert group_numbers(["a", "b", "c", "d"], groups) == [0, 0, 4, 1]
    one, other = [0, 0, 0, 1, 1], [0, 0, 1, 2, 2]
    assert pairs_kept(one, other) == pytest.approx(2 / 4)
    assert pairs_kept(other, one) == 1
    assert pairs_kept([0, 1], [0, 0]) is None
    assert rand_index(one, [5, 5, 5, 3, 3])[0] == 1
    index, chance = rand_index([0] * 5 + [1] * 5, [0, 1] * 5)
    assert index < chance < 1
