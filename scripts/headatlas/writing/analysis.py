"""All that is told of one head's map."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Int

from ..records.writing import HeadWriting, RelationPairs, RelationShare, StrongSource
from ..statistics.proportion import wilson
from .circuit import Circuit, copying_score, most_changed, strengths
from .relations import Relations, token_pairs
from .scores import Pairs, Share, relation_shares

LEAST_PAIRS = 5  # fewer say nothing
SOURCES, SHOWN = 5, 6  # tokens told of a head, and of what it raises and lowers for each


class Asked(NamedTuple):
    """The relations that are asked of every head: their pairs, as tokens numbered from 0."""

    pairs: dict[str, Pairs]
    about: list[RelationPairs]


def asked(relations: Relations, own: Relations, token_of: Mapping[str, int]) -> Asked:
    """Of our relations and the user's `own`, those that enough pairs of tokens stand for."""
    found: dict[str, Pairs] = {}
    about = []
    for name, listed in [*relations.items(), *own.items()]:
        pairs = token_pairs(listed, token_of)
        left_out = None
        if len(pairs) < LEAST_PAIRS:
            left_out = f"fewer than {LEAST_PAIRS} pairs of single tokens"
        else:
            found[name] = torch.tensor(pairs)
        about.append(
            RelationPairs(
                name=name,
                pairs=len(pairs),
                listed=len(listed),
                own=name in own,
                left_out=left_out,
            )
        )
    return Asked(found, about)


def head_writing(
    head: int, circuit: Circuit, pairs: Mapping[str, Pairs], pieces: Sequence[str], top: int
) -> HeadWriting:
    """What a head writes; `pieces` are the texts of the circuit's tokens."""
    shares = relation_shares(circuit, pairs, top) if pairs else {}
    rows = [
        _row(name, effect, share)
        for name, both in shares.items()
        for effect, share in zip(("raises", "lowers"), both, strict=True)
    ]
    copying = copying_score(circuit)
    return HeadWriting(
        head=head,
        copying=copying,
        relations=rows,
        sources=[] if copying is None else _sources(circuit, _words(pairs, pieces), pieces),
    )


def _row(name: str, effect: str, share: Share) -> RelationShare:
    low, high = wilson(share.found, share.pairs)
    return RelationShare(
        relation=name,
        effect=effect,
        found=share.found,
        share=share.found / share.pairs,
        low=low,
        high=high,
        shuffled=share.shuffled,
    )


def _words(pairs: Mapping[str, Pairs], pieces: Sequence[str]) -> Int[torch.Tensor, " token"]:
    """Common words; all tokens if there are none. A vocabulary is mostly fragments of rare ones."""
    if not pairs:
        return torch.arange(len(pieces))
    return torch.cat([some[:, 0] for some in pairs.values()]).unique()


def _sources(
    circuit: Circuit, words: Int[torch.Tensor, " token"], pieces: Sequence[str]
) -> list[StrongSource]:
    strength = strengths(circuit)
    strongest = words[strength[words].topk(min(SOURCES, len(words))).indices]
    changed = most_changed(circuit, strongest, min(SHOWN, len(pieces)))
    middle = float(strength.median())
    return [
        StrongSource(
            token=int(token),
            piece=pieces[int(token)],
            strength=float(strength[token]) / middle if middle else 0.0,
            raised=[pieces[int(t)] for t in raised],
            lowered=[pieces[int(t)] for t in lowered],
        )
        for token, raised, lowered in zip(strongest, *changed, strict=True)
    ]
