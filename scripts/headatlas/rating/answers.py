"""From the store to tables: every trial that was answered, and what raters wrote."""

from collections.abc import Iterator, Mapping

from headatlas.controls import Head
from headatlas.records.explanation import Explanation
from headatlas.records.ratings import Words

from .store import Marked, Store, Trial
from .units import Unit, digest_of


def rating_rows(store: Store, explanations: Mapping[Head, Explanation]) -> list[dict[str, object]]:
    """Rows of `records.ratings.RATINGS`; `explanations` are those that the run has now.

    A rating is of what was shown: where an explanation has changed since, it is not current.
    """
    study, units = store.study(), store.units()
    digests = {at: digest_of(told) for at, told in explanations.items()}
    named = {name: getattr(study, name) for name in ("model", "corpus", "explainer", "round")}
    return [
        {**named, **_row(trial, units[trial.number], digests)}
        for trial in store.trials()
        if trial.sent or trial.rating is not None
    ]


def _row(trial: Trial, unit: Unit, digests: Mapping[Head, str]) -> dict[str, object]:
    counts = _counts(trial.marked, unit) if trial.marked is not None else {}
    return {
        "rater": trial.rater,
        "place": trial.place,
        "layer": unit.layer,
        "head": unit.head,
        "kind": unit.kind,
        "other_layer": unit.other_layer,
        "other_head": unit.other_head,
        "repeats": trial.repeats,
        "current": digests.get((unit.other_layer, unit.other_head)) == unit.digest,
        "rating": trial.rating,
        "unsure": trial.marked is None if trial.sent else None,
        **counts,
    }


def _counts(marked: Marked, unit: Unit) -> dict[str, int]:
    """How many tokens there were of both sides, and how many of each were marked."""
    counts = dict.fromkeys(("active", "active_marked", "inactive", "inactive_marked"), 0)
    for window in unit.unseen:
        chosen = set(marked.get(window.window, ()))
        for name, side in (("active", window.active), ("inactive", window.inactive)):
            there = {at for at, holds in enumerate(side) if holds}
            counts[name] += len(there)
            counts[f"{name}_marked"] += len(there & chosen)
    return counts


def written(store: Store) -> Iterator[Words]:
    """What raters wrote of heads, the last of each rater and head, raters by their number."""
    units, model = store.units(), store.study().model
    found: dict[tuple[int, int, int], str] = {}
    for trial in store.trials():
        if trial.own:
            unit = units[trial.number]
            found[unit.layer, unit.head, trial.rater] = trial.own
    for (layer, head, rater), text in sorted(found.items()):
        yield Words(model=model, layer=layer, head=head, rater=str(rater), text=text)
