"""Which heads have a counterpart in every other model, which in none, and what chance gives.

By behaviour, a match is a similarity above the 95 % quantile of its null between heads each of
which is the other's best: chance gives it to at most 0.05 of the heads. That each is the other's
best is asked because the null knows nothing of words: heads with random weights write more at some
words than at others too, and the best of many trained heads is above the null for half of them.
By explanation, chance is the other models' explanations with their parts shuffled (see
`wording.shuffled`).
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float

from ..intervals import resampled
from ..records.explanation import Explanation
from .quality import as_row
from .statistics import CHANGE, FIRST, SECOND, average, cohen_kappa
from .sweep import Row, Study
from .wording import SHUFFLES, Points, says_the_same

LEVEL = 0.05


def universality_rows(
    studies: Sequence[Study],
    clustering: str,
    counterparts: Sequence[Row],
    points: Points,
    versions: Mapping[str, Sequence[Sequence[Explanation]]],
) -> list[Row]:
    """Rows of `universality.csv`. `versions` has the shuffled explanations of each model."""
    rows = []
    for study in studies:
        others = [other.model for other in studies if other is not study]
        own = [row for row in counterparts if row["model"] == study.model]
        for by, column in (("behaviour", "matched"), ("explanation", "alike")):
            found = table(own, others, column)
            if by == "behaviour":
                chance = (LEVEL ** len(others), (1 - LEVEL) ** len(others))
            else:
                chance = _by_chance(study, [versions[other] for other in others], points)
            universal, specific = universal_and_specific(found)
            if len(found):
                rows.append(
                    {
                        **study.names,
                        "clustering": clustering,
                        "by": by,
                        "others": len(others),
                        "heads": len(found),
                        "universal": universal,
                        "universal_expected": round(len(found) * chance[0], 6),
                        "specific": specific,
                        "specific_expected": round(len(found) * chance[1], 6),
                    }
                )
    return rows


def table(
    rows: Sequence[Row], others: Sequence[str], column: str
) -> Bool[np.ndarray, "heads others"]:
    """Whether each head of one model is matched in each other model.

    Heads for which this is not known of every other model are left out.
    """
    found: dict[tuple[int, int], dict[str, bool]] = {}
    for row in rows:
        if row[column] is not None:
            found.setdefault((row["layer"], row["head"]), {})[row["other"]] = row[column]
    whole = [[known[o] for o in others] for known in found.values() if len(known) == len(others)]
    return np.array(whole, dtype=bool).reshape(-1, len(others))


def universal_and_specific(found: Bool[np.ndarray, "heads others"]) -> tuple[int, int]:
    """How many heads are matched in every other model, and how many in none."""
    return int(found.all(axis=1).sum()), int((~found).all(axis=1).sum())


def _by_chance(
    study: Study, versions: Sequence[Sequence[Sequence[Explanation]]], points: Points
) -> tuple[float, float]:
    """Share of heads matched in every and in no other model, their explanations shuffled."""
    if not study.with_explanation:
        return 0.0, 0.0
    own = points.of(study.with_explanation.values())
    counts = [
        universal_and_specific(
            np.column_stack([_any_alike(own, version[n], points) for version in versions])
        )
        for n in range(SHUFFLES)
    ]
    universal, specific = np.mean(counts, axis=0) / len(own)
    return float(universal), float(specific)


def _any_alike(
    own: Float[np.ndarray, "heads dimensions"], others: Sequence[Explanation], points: Points
) -> Bool[np.ndarray, " heads"]:
    if not others:
        return np.zeros(len(own), dtype=bool)
    return np.any(says_the_same((own @ points.of(others).T).round(6)), axis=1)


def agreement_rows(counterparts: Sequence[Row], resamples: int, seed: int) -> list[Row]:
    """Rows of `agreement.csv`: do matches by behaviour and by explanation say the same?

    `cosine` is that of the explanations of heads matched by behaviour, `shuffled` that of
    the same heads and a random head of the other model, `difference` the first less the
    second, over the heads that are matched; `kappa` is Cohen's, between being matched by
    behaviour and by explanation, over the heads that have an explanation.
    """
    pairs: dict[tuple[str, ...], list[Row]] = {}
    names = ("model", "corpus", "explainer", "clustering", "other")
    for row in counterparts:
        pairs.setdefault(tuple(row[name] for name in names), []).append(row)
    rows = []
    for key, group in pairs.items():
        matched = np.array(
            [
                (row["shuffled_cosine"], row["matched_cosine"])
                for row in group
                if row["matched"] and row["matched_cosine"] is not None
            ],
            dtype=float,
        ).reshape(-1, 2)
        both = np.array(
            [(r["matched"], r["alike"]) for r in group if None not in (r["matched"], r["alike"])],
            dtype=float,
        ).reshape(-1, 2)
        if not len(both):
            continue
        for measure, values, statistic in (
            ("cosine", matched, average(np.mean, SECOND)),
            ("shuffled", matched, average(np.mean, FIRST)),
            ("difference", matched, average(np.mean, CHANGE)),
            ("kappa", both, cohen_kappa),
        ):
            estimate = resampled(values, statistic, resamples, seed)
            rows.append(
                {**dict(zip(names, key, strict=True)), "measure": measure, **as_row(estimate)}
            )
    return rows
