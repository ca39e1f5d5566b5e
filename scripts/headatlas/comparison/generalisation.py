"""Do explanations made on one corpus hold on another?"""

from collections.abc import Mapping, Sequence
from itertools import permutations
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ..intervals import Statistic, resampled
from ..measures import TRANSFERRED
from ..records.transfers import TRANSFERS
from ..storage import read_table
from .quality import as_row, values
from .statistics import CHANGE, FIRST, SECOND, average, pearson
from .sweep import Place, Row, Study, Sweep
from .wording import Points

# Scores of explanations on another corpus, by model, corpus, explainer, other corpus and score.
Transfers = Mapping[tuple[str, str, str, str, str], Mapping[Place, float]]


def read_transfers(paths: Sequence[Path]) -> Transfers:
    """Read the scores that explanations got on another corpus than their own."""
    found: dict[tuple[str, str, str, str, str], dict[Place, float]] = {}
    for path in paths:
        for row in read_table(path, TRANSFERS).to_pylist():
            if row["value"] is not None:
                names = ("model", "corpus", "explainer", "other", "metric")
                key = tuple(row[name] for name in names)
                found.setdefault(key, {})[row["layer"], row["head"]] = row["value"]
    return found


def generalisation_rows(
    sweep: Sweep,
    clustering: str,
    transfers: Transfers,
    points: Points,
    resamples: int,
    seed: int,
) -> list[Row]:
    """Rows of `generalisation.csv`, for every ordered pair of corpora.

    Of each score: `SCORE_own` is its median over heads on the other corpus for the
    explanations made there, `SCORE_transferred` for those made on `corpus`, and
    `SCORE_change` the median over heads of the second less the first; all three over the
    heads that have both. `SCORE_agreement` is Pearson's correlation over heads between the
    scores of the explanations on their own corpora. `cosine` is the mean cosine of a head's
    two explanations, `shuffled` that of its explanation and those of other heads on the
    other corpus, `difference` the first less the second.
    """
    rows = []
    for study, other in permutations(sweep.studies, 2):
        if (study.model, study.explainer) != (other.model, other.explainer):
            continue
        measures: dict[str, tuple[Float[np.ndarray, "heads 2"], Statistic]] = {}
        for metric in (measure.name for measure in TRANSFERRED):
            key = (study.model, study.corpus, study.explainer, other.corpus, metric)
            made = values(other, metric)
            moved = _paired(made, transfers.get(key, {}))
            measures |= {
                f"{metric}_own": (moved, average(np.median, FIRST)),
                f"{metric}_transferred": (moved, average(np.median, SECOND)),
                f"{metric}_change": (moved, average(np.median, CHANGE)),
                f"{metric}_agreement": (_paired(values(study, metric), made), pearson),
            }
        cosines = _cosines(study, other, points)
        measures |= {
            "cosine": (cosines, average(np.mean, SECOND)),
            "shuffled": (cosines, average(np.mean, FIRST)),
            "difference": (cosines, average(np.mean, CHANGE)),
        }
        names = {**study.names, "clustering": clustering, "other": other.corpus}
        for name, (drawn, statistic) in measures.items():
            estimate = resampled(drawn, statistic, resamples, seed)
            rows.append({**names, "measure": name, **as_row(estimate)})
    return rows


def _paired(one: Mapping[Place, float], two: Mapping[Place, float]) -> Float[np.ndarray, "heads 2"]:
    return np.array([(one[at], two[at]) for at in one if at in two], dtype=float).reshape(-1, 2)


def _cosines(study: Study, other: Study, points: Points) -> Float[np.ndarray, "heads 2"]:
    """Of each head explained on both: its explanation here beside others' and its own there."""
    places = [at for at in study.with_explanation if at in other.with_explanation]
    if len(places) < 2:
        return np.empty((0, 2))
    cosine = (
        points.of(study.with_explanation[at] for at in places)
        @ points.of(other.with_explanation[at] for at in places).T
    )
    own = np.diag(cosine)
    rest = (cosine.sum(axis=1) - own) / (len(places) - 1)
    return np.column_stack([rest, own])
