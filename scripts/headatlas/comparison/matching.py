"""Which head of one model behaves like which head of another on the same passages."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from .behaviour import Behaviour

KEPT = 3  # matches of each head in the table


class Matches(NamedTuple):
    """The best matches of every head of one model among those of another."""

    others: Int[np.ndarray, "head rank"]
    "index of the other model's head, best first"
    similarity: Float[np.ndarray, "head rank"]
    null: Float[np.ndarray, "head permutation"]
    "the best similarity when the other model's passages are shuffled"


def correlation(
    one: Float[np.ndarray, "head word"], other: Float[np.ndarray, "other word"]
) -> Float[np.ndarray, "head other"]:
    """Pearson correlation of every row with every row; 0 with a row that is constant.

    Further decimals than six depend on the number of threads and are left out.
    """
    return np.round(_standardised(one) @ _standardised(other).T, 6)


def _standardised(rows: Float[np.ndarray, "head word"]) -> Float[np.ndarray, "head word"]:
    """Rows of mean 0 and length 1."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    return centred / np.where(lengths > 0, lengths, 1)


def aligned_words(
    counts: Int[np.ndarray, " passage"], partners: Int[np.ndarray, " passage"]
) -> tuple[Int[np.ndarray, " word"], Int[np.ndarray, " word"]]:
    """Words of each passage beside those of its partner, first with first, as far as both go."""
    shorter = np.minimum(counts, counts[partners])
    firsts = np.cumsum(counts) - counts
    within = np.arange(shorter.sum()) - np.repeat(np.cumsum(shorter) - shorter, shorter)
    return np.repeat(firsts, shorter) + within, np.repeat(firsts[partners], shorter) + within


def match(
    one: Behaviour,
    other: Behaviour,
    counts: Int[np.ndarray, " passage"],
    *,
    permutations: int,
    seed: int,
) -> tuple[Matches, Matches]:
    """The best matches of the heads of either model; `counts` has the words of each passage.

    Heads are as similar as the Pearson correlation of their behaviour over all words
    is. How similar the best of so many heads is by chance is measured with the passages
    of one model shuffled, words aligned by their number in the passage: what a head
    owes to the position in the passage stays, what it owes to the text goes.
    """
    similarity = correlation(one.activation, other.activation)
    rng = np.random.default_rng(seed)
    nulls, other_nulls = [], []
    for _ in range(permutations):
        words, partners = aligned_words(counts, rng.permutation(len(counts)))
        chance = correlation(one.activation[:, words], other.activation[:, partners])
        nulls.append(chance.max(axis=1))
        other_nulls.append(chance.max(axis=0))
    return _best(similarity, nulls), _best(similarity.T, other_nulls)


def _best(similarity: Float[np.ndarray, "head other"], nulls: list[np.ndarray]) -> Matches:
    order = np.argsort(-similarity, axis=1, kind="stable")[:, :KEPT]
    return Matches(order, np.take_along_axis(similarity, order, axis=1), np.stack(nulls, axis=1))


def match_rows(
    names: tuple[str, str],
    behaviours: tuple[Behaviour, Behaviour],
    matches: tuple[Matches, Matches],
) -> list[dict[str, object]]:
    """Rows for `matches.MATCHES`: the heads of the first model, then those of the second."""
    rows: list[dict[str, object]] = []
    best = [m.others[:, 0] for m in matches]
    for side in (0, 1):
        mine, theirs = behaviours[side], behaviours[1 - side]
        found = matches[side]
        for head, (layer, number) in enumerate(mine.heads):
            null = found.null[head]
            for rank, (at, value) in enumerate(
                zip(found.others[head], found.similarity[head], strict=True)
            ):
                rows.append(
                    {
                        "model": names[side],
                        "layer": layer,
                        "head": number,
                        "other": names[1 - side],
                        "other_layer": theirs.heads[at][0],
                        "other_head": theirs.heads[at][1],
                        "rank": rank,
                        "similarity": value,
                        "null95": np.quantile(null, 0.95),
                        "p": (1 + np.sum(null >= value)) / (1 + len(null)),
                        "mutual": rank == 0 and best[1 - side][at] == head,
                        "words": mine.activation.shape[1],
                    }
                )
    return rows
