"""A study as a folder: reads its variants, writes its tables and its page."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..records.studies import BEST_OF_K, STUDY_COSTS, STUDY_DIFFERENCES, STUDY_VALUES
from ..reporting.environment import environment
from ..storage import write_csv, write_rows, write_text
from .arms import Arm, read_arm
from .candidates import best_of_k
from .cost import cost_rows
from .grouping import compared_families
from .pages import drawn_in_words, page
from .tables import Sampling, compared_scores, difference_rows, scored, value_rows


def build(
    name: str,
    arms: Sequence[Arm],
    heads: Mapping[str, Sequence[str]],
    sampling: Sampling,
    benchmarks: Path,
    out: Path,
    *,
    drawn_from: Mapping[str, int],
    by_family: bool,
    title: str,
    templates: Path,
) -> None:
    """Write the tables of a study into `out`, and its page last.

    `heads` are those of each model, `drawn_from` of how many they were drawn, `by_family` whether
    their families were known then. Raises StorageError.
    """
    found = {arm.label: read_arm(arm, heads[arm.model]) for arm in arms}
    by_arm = scored(arms, found)
    rows = difference_rows(
        [*compared_scores(arms, by_arm, sampling), *compared_families(arms, found, sampling)]
    )
    best = [*best_of_k(arms, found, sampling)]
    costs = [*cost_rows(arms, found, heads, benchmarks)]
    write_rows(out / "values.parquet", [*value_rows(arms, by_arm)], STUDY_VALUES)
    write_csv(out / "differences.csv", rows, STUDY_DIFFERENCES)
    write_csv(out / "costs.csv", costs, STUDY_COSTS)
    write_csv(out / "best_of_k.csv", best, BEST_OF_K)
    env = environment(templates)
    drawn = [drawn_in_words(m, len(own), drawn_from.get(m), by_family) for m, own in heads.items()]
    write_text(out / "index.html", page(env, name, title, arms, drawn, rows, costs, best))
