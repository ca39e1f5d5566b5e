"""Which heads serve a head as its controls, and which say the same as it.

A control is a head whose explanation says something else: held against the head, it shows what
an explanation scores that is not about it. A head that says the same is a twin: its explanation
would do as well, which is no fault of either.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float

from .records.controls import CONTROLS
from .records.explanation import Explanation
from .storage import read_head

Head = tuple[int, int]  # layer and number in it
# Of the attention that two explanations predict: with less than the first share in common they
# differ, from the second on they say the same.
DIFFERENT, SAME = 0.7, 0.9


@dataclass(frozen=True)
class Alike:
    """How alike are the explanations of H heads, in the order of the model."""

    heads: Sequence[Head]  # H
    similarity: Float[np.ndarray, "H H"]  # 1 for the same
    different: float  # two explanations differ below this similarity,
    same: float  # and say the same from this one on

    @cached_property
    def place(self) -> dict[Head, int]:
        """Where a head stands among them."""
        return {head: n for n, head in enumerate(self.heads)}

    def differing(self, head: Head) -> list[Head]:
        """The heads that can serve a head as controls; none, if it has no explanation itself."""
        if head not in self.place:
            return []
        differs = self.similarity[self.place[head]] < self.different
        return [self.heads[n] for n in np.flatnonzero(differs).tolist()]

    def twins(self, head: Head) -> list[Head]:
        """The other heads that say the same, the likest first."""
        own = self.place[head]
        order = np.argsort(-self.similarity[own], kind="stable").tolist()
        return [self.heads[n] for n in order if n != own and self.similarity[own, n] >= self.same]

    def between(self, one: Head, other: Head) -> float:
        """How alike two of them are."""
        return float(self.similarity[self.place[one], self.place[other]])


def alike_in_words(explanations: Mapping[Head, Explanation]) -> Alike:
    """How alike explanations in words are: the share of their families that they have in common.

    Those differ that have none in common, and those say the same that have all, or the same
    summary. How a family is written, in capitals or with hyphens, does not matter.
    """
    explained = {at: e for at, e in explanations.items() if e.status == "explained"}
    families = [{_plain(b.family) for b in e.behaviours} for e in explained.values()]
    summaries = [_plain(e.summary) for e in explained.values()]
    similarity = np.eye(len(explained))
    for one in range(len(explained)):
        for other in range(one):
            shared = len(families[one] & families[other]) / max(
                len(families[one] | families[other]), 1
            )
            found = 1.0 if summaries[one] == summaries[other] else shared
            similarity[one, other] = similarity[other, one] = found
    return Alike(list(explained), similarity, np.nextafter(0, 1), 1.0)


def controls_of(
    heads: Sequence[Head],
    head: Head,
    count: int,
    within_layer: bool = False,
    among: Collection[Head] | None = None,
) -> list[Head]:
    """`count` of the `heads` of a model, or of its layer, that are not `head`, or all there are.

    They stand at equal steps around those that are `among` the chosen (None: all), from a place
    that turns with the head, so that they come from several layers and the heads are controls
    about equally often.
    """
    around = [at for at in heads if at[0] == head[0] or not within_layer]
    start = around.index(head)
    allowed = None if among is None else set(among)
    others = [at for at in around if at != head and (allowed is None or at in allowed)]
    number = min(count, len(others))
    steps = [(len(others) + 1) * k // (number + 1) for k in range(1, number + 1)]
    return [others[(start + step - 1) % len(others)] for step in steps]


def control_rows(
    alike: Alike, heads: Sequence[Head], count: int, layer_count: int
) -> list[dict[str, object]]:
    """Rows of `records.controls.CONTROLS` for all heads of a model that have explanations."""
    rows: list[dict[str, object]] = []
    for at in alike.heads:
        differing = alike.differing(at)
        found = {
            "model": controls_of(heads, at, count, among=differing),
            "layer": controls_of(heads, at, layer_count, within_layer=True, among=differing),
            "twin": alike.twins(at),
        }
        rows += [
            {"layer": at[0], "head": at[1], "relation": relation, "rank": rank}
            | {"other_layer": other[0], "other_head": other[1]}
            | {"similarity": alike.between(at, other)}
            for relation, others in found.items()
            for rank, other in enumerate(others)
        ]
    return rows


def read_controls(path: Path, head: Head) -> dict[Literal["model", "layer"], list[Head]]:
    """The controls of a head by kind, in their order, from the table of its model."""
    table = read_head(path, CONTROLS, head[1]).to_pylist()
    rows = [row for row in table if row["layer"] == head[0]]
    kinds: tuple[Literal["model", "layer"], ...] = ("model", "layer")
    return {
        kind: [(r["other_layer"], r["other_head"]) for r in rows if r["relation"] == kind]
        for kind in kinds
    }


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))
