"""How well a simulator predicts heads and documents that it has not seen, beside the program."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int

from ..intervals import Estimate, resampled
from ..reading.alike import Head, folds_of
from ..statistics.correlation import moments, pearson
from .data import HeadSeen, RunSeen
from .network import Batch, Simulator, trained

BATCH = 4096
# What predicts: the network; what the explanation says, executed; the network, told of another
# head; told nothing of any (the mean of all explanations); and a language model that was asked.
PREDICTORS = ("simulator", "program", "other", "untold", "prompted")
Said = Mapping[str, Float[np.ndarray, " embedding"]]
Row = dict[str, Any]


def evaluated(
    runs: Sequence[RunSeen],
    said: Said,
    groups: Mapping[Head, Head],
    *,
    folds: int,
    steps: int,
    seed: int,
) -> list[Row]:
    """A row for each head: Pearson's r over its test windows of each of PREDICTORS.

    The heads of each fold are predicted by a network that has learned from the train windows of
    all others. `said` has the embedding of each explanation.
    """
    fold_of = folds_of(groups, folds, seed)
    untold = np.mean([*said.values()], axis=0)
    rows: list[Row] = []
    for fold in range(folds):
        learned = [[h for h in run.heads if fold_of[h.head] != fold] for run in runs]
        tested = [[h for h in run.heads if fold_of[h.head] == fold] for run in runs]
        if not any(learned) or not any(tested):
            continue
        network, losses = trained(
            lambda rng, heads=learned: batches(runs, heads, said, rng),  # type: ignore[misc]
            len(untold),
            runs[0].features.shape[1],
            steps=steps,
            seed=seed + fold,
        )
        for run, heads in zip(runs, tested, strict=True):
            test = run.rows("test")
            for head in heads:
                other = _other(run, head, groups, seed)
                shown = {"simulator": said[head.text], "untold": untold}
                shown |= {"other": said[other.text]} if other else {}
                measured = run.activation[head.row, test].astype(float)
                predicted = {name: predict(network, run, test, s) for name, s in shown.items()}
                predicted["program"] = run.programs[head.row, test].astype(float)
                rows.append(
                    {"run": run.name, "head": head.head[1], "fold": fold, "loss": losses[-1]}
                    | {n: correlation(predicted.get(n), measured) for n in PREDICTORS[:-1]}
                    | {"prompted": head.prompted}
                )
    return rows


def batches(
    runs: Sequence[RunSeen],
    heads: Sequence[Sequence[HeadSeen]],
    said: Said,
    rng: np.random.Generator,
) -> Iterator[Batch]:
    """Train windows of some heads without end: tokens drawn at random, heads all as often."""
    chosen = [n for n, of_run in enumerate(heads) if of_run]
    shares = np.array([len(heads[n]) for n in chosen], dtype=float)
    train = [run.rows("train") for run in runs]
    while True:
        n = int(rng.choice(chosen, p=shares / shares.sum()))
        run, of_run = runs[n], heads[n]
        which, at = rng.integers(len(of_run), size=BATCH), np.sort(rng.choice(train[n], BATCH))
        means, deviations = (
            np.array([getattr(h, k) for h in of_run]) for k in ("mean", "deviation")
        )
        value = run.activation[np.array([h.row for h in of_run])[which], at]
        target = (value - means[which]) / deviations[which]
        told = np.stack([said[h.text] for h in of_run])[which]
        yield *_inputs(run, at, told), torch.tensor(np.clip(target, -5, 5), dtype=torch.float32)


def predict(
    network: Simulator, run: RunSeen, at: Int[np.ndarray, " row"], said: Float[np.ndarray, " e"]
) -> Float[np.ndarray, " row"]:
    """What a network predicts of these tokens of a run from the embedding of an explanation."""
    found = []
    with torch.no_grad():
        for part in np.array_split(at, max(1, len(at) // BATCH)):
            inputs = _inputs(run, part, np.broadcast_to(said, (len(part), len(said))))
            found.append(network(*inputs).numpy())
    return np.concatenate(found).astype(float)


def correlation(predicted: np.ndarray | None, measured: np.ndarray) -> float | None:
    """Pearson's r; None where there is no prediction, or a side is constant."""
    if predicted is None or not np.isfinite(predicted).all():
        return None
    r = float(pearson(moments(predicted, measured)))
    return None if np.isnan(r) else r


def summarised(rows: Sequence[Row], resamples: int, seed: int) -> dict[str, Estimate]:
    """The median over heads of each predictor, and of the differences from the simulator.

    Differences are `simulator - NAME`, where there are both. Heads are resampled; of a head that
    is in several runs, the mean over these counts.
    """
    found = {
        name: [(_head(r), r[name]) for r in rows if r[name] is not None] for name in PREDICTORS
    }
    for name in PREDICTORS[1:]:
        both = [r for r in rows if None not in (r["simulator"], r[name])]
        found[f"simulator - {name}"] = [(_head(r), r["simulator"] - r[name]) for r in both]
    return {name: _median(values, resamples, seed) for name, values in found.items()}


def _head(row: Row) -> Head:
    return row["run"].split("/")[0], row["head"]


def _median(values: Sequence[tuple[Head, float]], resamples: int, seed: int) -> Estimate:
    of_head: dict[Head, list[float]] = {}
    for head, value in values:
        of_head.setdefault(head, []).append(value)
    means = np.array([np.mean(own) for own in of_head.values()], dtype=float)

    def median(drawn: Float[np.ndarray, "draws heads 1"]) -> Float[np.ndarray, " draws"]:
        found: Float[np.ndarray, " draws"] = np.median(drawn[..., 0], axis=1)
        return found

    return resampled(means.reshape(-1, 1), median, resamples, seed)


def _other(run: RunSeen, head: HeadSeen, groups: Mapping[Head, Head], seed: int) -> HeadSeen | None:
    """A head of the same run that says something else."""
    others = [h for h in run.heads if groups[h.head] != groups[head.head]]
    return (
        others[int(np.random.default_rng([seed, head.row]).integers(len(others)))]
        if others
        else None
    )


def _inputs(
    run: RunSeen, at: Int[np.ndarray, " row"], said: Float[np.ndarray, "row embedding"]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return (
        torch.tensor(said, dtype=torch.float32),
        torch.tensor(run.tokens[at].astype(np.int64)),
        torch.tensor(run.features[at], dtype=torch.float32),
    )
