"""Do explanations made on one corpus hold on another?"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import permutations

import numpy as np
from jaxtyping import Float

from ..intervals import Statistic, resampled
from ..measures import TRANSFERRED
from ..reporting.elsewhere import MEASURED, NAMES, Transfers, elsewhere_row
from .quality import as_row, values
from .statistics import CHANGE, FIRST, SECOND, average, pearson
from .sweep import Place, Row, Study, Sweep
from .wording import Points


def holding_rows(sweep: Sweep, transfers: Transfers) -> Iterator[Row]:
    """Rows of `holding.csv`: every head with an explanation on every other corpus.

    `at_home` is what its explanation explains of its attention on its own corpus, `made_there`
    what the one explains that was made on the other.
    """
    for study, other in _pairs(sweep):
        found = transfers.get((study.model, study.corpus, study.explainer, other.corpus), {})
        home, there = (values(s, MEASURED[0].name) for s in (study, other))
        for at in sorted(found.keys() & study.with_explanation.keys()):
            yield {
                **study.names,
                "other": other.corpus,
                "layer": at[0],
                "head": at[1],
                **elsewhere_row(found[at]),
                "at_home": home.get(at),
                "made_there": there.get(at),
            }


def holding_counts(rows: Iterable[Row]) -> list[Row]:
    """Of each two corpora, how many of the heads hold, do not, or are not known."""
    found: dict[tuple[str, ...], Counter[str]] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in NAMES), Counter())[row["verdict"]] += 1
    return [
        {**dict(zip(NAMES, key, strict=True)), "heads": count.total(), "counts": count}
        for key, count in found.items()
    ]


def _pairs(sweep: Sweep) -> Iterator[tuple[Study, Study]]:
    """Every two studies of a model by an explainer on two corpora, either way round."""
    for study, other in permutations(sweep.studies, 2):
        if (study.model, study.explainer) == (other.model, other.explainer):
            yield study, other


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
    for study, other in _pairs(sweep):
        found = transfers.get((study.model, study.corpus, study.explainer, other.corpus), {})
        measures: dict[str, tuple[Float[np.ndarray, "heads 2"], Statistic]] = {}
        for metric in (measure.name for measure in TRANSFERRED):
            made = values(other, metric)
            scores = {at: elsewhere.score(metric).value for at, elsewhere in found.items()}
            moved = _paired(made, {at: v for at, v in scores.items() if v is not None})
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
