"""How much the number of behaviours matters: loss and overlap against how many a head may have.

`python benchmarks/behaviours_curve.py results/smollm2/wiki` in the folder of a finished run, of
which it reads the model, the windows and the attention in them. Every head is explained with as
many behaviours as its search accepts, up to the most; what comes first in the search is fitted
again without the rest and put in the place of the head, all heads at once.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from headatlas.activations.effects import by_layer
from headatlas.activations.some_windows import at_equal_steps, fitting, read_some
from headatlas.activations.substitution import Attention, Effect, Substitution
from headatlas.controls import Head
from headatlas.errors import InputError, reported
from headatlas.explainers.logit.features import FeatureTable, term_of
from headatlas.explainers.logit.gains import Frequent
from headatlas.explainers.logit.model import position_terms, refit, scores
from headatlas.explainers.logit.selection import Texts, select
from headatlas.explainers.symbolic.windows import read_features, read_seen
from headatlas.progress import Progress
from headatlas.records.model import ModelInfo
from headatlas.storage import read_record
from headatlas.subjects.loading import load_recorded
from headatlas.triangle import unpack

NUMBERS = (0, 1, 2, 3, 4, 6, 8, 12)  # of behaviours


class Test(NamedTuple):
    """The windows in which heads are replaced, and the features of all windows of their split."""

    table: FeatureTable
    numbers: Sequence[int]
    chosen: Sequence[int]


def attentions(run: Path, at: Head, texts: Texts, test: Test) -> tuple[np.ndarray, np.ndarray, int]:
    """Of a head for each number of behaviours: attention of the chosen windows, and its overlap.

    The attention is packed, [number, window, pair]; the overlap is sums of minima and of maxima,
    with position 0 and without, [number, 4]. Then the number of behaviours that were found.
    """
    events = run / f"events/layer{at[0]:02d}.parquet"
    train, validation, own = (
        read_seen(events, run / "features", at[1], split)[0]
        for split in ("train", "validation", "test")
    )
    found = select(train.attention, validation.attention, texts, max_behaviours=NUMBERS[-1])
    features = [behaviour.feature for behaviour in found.logit.behaviours]
    grid, held_out = texts.train.grid, test.table.grid
    terms = [position_terms(grid), position_terms(held_out)]
    terms[0] += [term_of(feature, texts.train) for feature in features]
    terms[1] += [term_of(feature, test.table) for feature in features]
    start = len(terms[0]) - len(features)
    packed, sums = [], []
    for number in NUMBERS:
        if number <= len(features):  # beyond, it is what it was
            first = slice(start + number)
            weights = refit(np.zeros(0), train.attention, grid, terms[0][first], ridge=1.0).weights
            cells = held_out.softmax(scores(weights, held_out, terms[1][first]))[0]
            minima, maxima = np.minimum(cells, own.attention), np.maximum(cells, own.attention)
            kept = held_out.not_first
            sums.append([minima.sum(), maxima.sum(), minima[kept].sum(), maxima[kept].sum()])
            by_window = cells.reshape(len(test.numbers), -1)
            packed.append(by_window[[test.numbers.index(n) for n in test.chosen]])
        else:
            packed.append(packed[-1])
            sums.append(sums[-1])
    return np.array(packed, np.float16), np.array(sums), len(features)


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", type=Path, help="folder of a corpus: results/MODEL/CORPUS")
    parser.add_argument("--windows", type=int, default=8, help="in which heads are replaced")
    parser.add_argument("--batch-size", type=int, default=4, help="windows of a pass")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()

    info = read_record(args.run.parent / "model.json", ModelInfo)
    bridge = load_recorded(info, device=args.device, devices=1)  # before the long part: it may fail
    splits = [read_features(args.run / "features", split) for split in ("train", "validation")]
    texts = Texts(splits[0][0], splits[1][0], Frequent(splits[0][0]))
    table, numbers = read_features(args.run / "features", "test")
    if len(set(table.grid.lengths)) != 1:
        raise InputError(f"{args.run}: its windows differ in length")
    test = Test(table, numbers, at_equal_steps(numbers, args.windows))

    heads = [(layer, head) for layer in range(info.n_layers) for head in range(info.n_heads)]
    progress, packed, sums, counts = Progress(), {}, np.zeros((len(NUMBERS), 2)), []
    for done, at in enumerate(heads):
        progress(f"{done} of {len(heads)} heads")
        packed[at], own, count = attentions(args.run, at, texts, test)
        sums += own[:, ::2] / own[:, 1::2] / len(heads)
        counts.append(count)

    some = read_some(args.run / "windows.parquet", list(test.chosen))
    losses = np.zeros(len(NUMBERS) + 1)
    for first, batch in enumerate(some.batches(size := fitting(bridge, some, args.batch_size))):
        windows = slice(first * size, first * size + len(batch.windows))
        substitution = Substitution(bridge, batch.tokens)
        effects = [substitution.own]
        effects += [
            substitution.effect(dict(by_layer(heads)), placed(packed, i, windows))
            for i in range(len(NUMBERS))
        ]
        losses += [_loss(effect) * len(batch.windows) / len(some.windows) for effect in effects]
    print(f"The model itself {losses[0]:.3f} nats a token, {len(some.windows)} windows.")
    for i, number in enumerate(NUMBERS):
        figures = [f"{value:.3f}" for value in (losses[i + 1], *sums[i])]
        share = f"{np.mean(np.array(counts) >= number):.0%}"
        print(f"| {number} | {' | '.join([share, *figures])} |")


def placed(packed: dict[Head, np.ndarray], number: int, windows: slice) -> Attention:
    """The attention of heads with some number of behaviours, in some windows."""
    return lambda layer, heads: torch.from_numpy(
        unpack(np.stack([packed[layer, head][number, windows] for head in heads], axis=1))
    )


def _loss(effect: Effect) -> float:
    return float(effect.loss.double().mean())


if __name__ == "__main__":
    main()
