"""Roles that are about what a head writes, and how each is measured from the model's weights.

That is done with the lists of words by which the sources tell them, on the head's map from the
token it attends to, to the logits (`records.writing`): name movers raise the name that they attend
to, their negatives lower it (the copy scores of Wang et al. 2022), copy suppression lowers any
token that it attends to (McDougall et al. 2023), successors raise the next of numbers, days,
months and letters (Gould et al. 2023).
"""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from ..records.base import head_name
from ..records.write_claims import RunClaims
from ..records.writing import LayerWriting

Effect = Literal["raises", "lowers"]


class Function(NamedTuple):
    """What a role does: to which words' relations, and to which token in text."""

    effect: Effect
    relations: tuple[str, ...]
    token: str | None = None  # of a claim on what it writes in text; none where no claim says it

    @property
    def said(self) -> str:
        """What says it of a head."""
        words = " or ".join(self.relations)
        by_weights = f"its weights clearly {self.effect.removesuffix('s')} {words}"
        return (
            f"it {self.effect} the token it attends to, or {by_weights}"
            if self.token
            else by_weights
        )


_NEXT = ("number", "number word", "ordinal", "weekday", "month", "letter")
FUNCTIONS = {
    "name mover": Function("raises", ("same name",), "attended"),
    "negative name mover": Function("lowers", ("same name",), "attended"),
    "copy suppression": Function("lowers", ("same token",), "attended"),
    "successor": Function("raises", tuple(f"next {what}" for what in _NEXT)),
}


class Writing(NamedTuple):
    """What is known of what the heads of a model write, by the name of the head.

    `shares` are of the pairs of each relation, by effect and relation: those found, and all;
    `clear` are those well above other pairs' targets; `held` the claims that hold in text.
    """

    shares: Mapping[str, Mapping[tuple[str, str], tuple[int, int]]]
    clear: Mapping[str, set[tuple[str, str]]]
    held: Mapping[str, set[tuple[str, str]]]

    @property
    def heads(self) -> set[str]:
        """The heads of which anything is known."""
        return {*self.shares, *self.held}


NOTHING = Writing({}, {}, {})


def writing_of(layers: Iterable[LayerWriting], claims: RunClaims | None) -> Writing:
    """What the records of a model say."""
    shares: dict[str, dict[tuple[str, str], tuple[int, int]]] = {}
    clear: dict[str, set[tuple[str, str]]] = {}
    for layer in layers:
        pairs = {relation.name: relation.pairs for relation in layer.relations}
        for head in layer.heads:
            name = head_name(layer.layer, head.head)
            shares[name] = {
                (row.effect, row.relation): (row.found, pairs[row.relation])
                for row in head.relations
            }
            clear[name] = {(r.effect, r.relation) for r in head.relations if r.above()}
    heads = claims.heads if claims else []
    return Writing(shares, clear, {head_name(head.layer, head.head): head.held for head in heads})


def measured(function: Function, writing: Writing) -> dict[str, float]:
    """Of each head the share of the pairs of all relations of a function, if there are any."""
    values = {}
    for name, shares in writing.shares.items():
        own = [shares[key] for r in function.relations if (key := (function.effect, r)) in shares]
        if pairs := sum(of for _, of in own):
            values[name] = sum(found for found, _ in own) / pairs
    return values


def bearers(function: Function, writing: Writing) -> set[str]:
    """The heads of which a claim that holds, or their weights, say that they do it."""
    told = {(function.effect, relation) for relation in function.relations}
    by_weights = {name for name, clear in writing.clear.items() if told & clear}
    claim = (function.effect, function.token or "")
    return by_weights | {name for name, held in writing.held.items() if claim in held}
