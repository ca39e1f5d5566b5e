"""A sweep computes once what its runs share, and adds nothing but what is new."""

import copy
from collections import Counter
from typing import Any

from workplace import Workplace

from .test_rerun import MODEL, REPORT


def sweep(workplace: Workplace, models: list[str]) -> dict[str, Any]:
    """Some models x 2 corpora x 2 explainers x 2 clusterings; the first of each has run."""
    configuration = copy.deepcopy(workplace.configuration)
    for section, name, added in (
        ("corpora", "more", {**configuration["corpora"]["words"], "windows": 50}),
        ("explainers", "terse", {"kind": "symbolic", "max_behaviours": 1, "texts": 4}),
        ("clusterings", "coarse", {"min_cluster_size": 3}),
    ):
        configuration[section][name] = added
        configuration["sweep"][section] = list(configuration[section])
    configuration["sweep"]["models"] = models
    return configuration


def jobs_of(*, layers: int, heads: int) -> Counter[str]:
    """The jobs of one model in it, by hand: 2 corpora, 4 explanations of a head, 8 atlases.

    `layers` and `heads` are those of the model and of its twin with random weights.
    """
    return Counter(
        inspect_model=1,
        measure_repeats=1,
        randomise_model=1,
        sample_windows=2,
        measure_features=2,
        cache_activations=2 * 2,
        select_events=2 * layers,
        draw_items=2 * layers,
        explain_head=4 * heads,
        predict_head=4 * heads,
        read_weights=2,
        measure_direct=2 * 2,
        claim_writes=2 * 2,
        run_probes=4 * 2,
        choose_controls=4 * 2,
        score_head=4 * heads,
        substitute_heads=4,
        ablate_heads=2 * (layers - 1),  # not of the twin
        attribute_heads=2,
        summarise_effects=4,
        grade_roles=4,
        cluster_heads=8,
        ablate_families=8,
        build_atlas=8,
    )


TINY, SECOND = jobs_of(layers=2 + 1, heads=6 + 1), jobs_of(layers=2 + 1, heads=3 + 1)


def counted(workplace: Workplace, models: list[str]) -> Counter[str]:
    """Jobs of the sweep that a run of one model can be the reason for."""
    jobs = workplace.jobs(configuration=sweep(workplace, models))
    return Counter({rule: n for rule, n in jobs.items() if rule in TINY})


def test_shared_steps_run_once(fresh: Workplace) -> None:
    assert counted(fresh, ["tiny"]) == TINY
    assert counted(fresh, ["tiny", "second"]) == TINY + SECOND


def test_what_has_run_does_not_run_again(finished: Workplace) -> None:
    """... but its pages: they name the other atlases, and tell how explanations do elsewhere."""
    assert counted(finished, ["tiny", "second"]) == TINY + SECOND - MODEL + REPORT
