"""Relations that a head's map holds, in the manner of MAPS (Elhelo and Geva, ACL 2025)."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Bool, Int

from .circuit import Circuit

Pairs = Int[torch.Tensor, "pair 2"]  # of tokens: source and target


class Share(NamedTuple):
    """Of a relation's pairs, how many a head raises, or lowers.

    `shuffled` is the share of all pairs of a source with the target of another pair, that are no
    pairs of the relation: what the head gives to such targets whatever it attends to. None where
    there are none.
    """

    found: int
    pairs: int
    shuffled: float | None


class RelationShares(NamedTuple):
    """A relation's target among the `top` tokens raised most, and among those lowered most."""

    raised: Share
    lowered: Share


def relation_shares(
    circuit: Circuit, relations: Mapping[str, Pairs], top: int
) -> dict[str, RelationShares]:
    """The shares of each relation: target t counts if it is among the first `top` of row s.

    Ties count against it. The rows of all relations are gone through once.
    """
    sources = torch.cat([pairs[:, 0] for pairs in relations.values()]).unique()
    place = {int(token): n for n, token in enumerate(sources)}
    raised, lowered = _hits(circuit, sources, relations, place, top)
    return {
        name: RelationShares(_share(raised[name], pairs), _share(lowered[name], pairs))
        for name, pairs in relations.items()
    }


Hits = dict[str, Bool[torch.Tensor, "pair pair"]]


def _hits(
    circuit: Circuit,
    sources: torch.Tensor,
    relations: Mapping[str, Pairs],
    place: Mapping[int, int],
    top: int,
) -> tuple[Hits, Hits]:
    """Of each relation, whether the source of one pair raises, or lowers, another's target."""
    targets = torch.cat([pairs[:, 1] for pairs in relations.values()]).unique()
    column = {int(token): n for n, token in enumerate(targets)}
    above, below = [], []
    for block in circuit.rows(sources):
        wanted = block[:, targets]
        # Beyond the first token that is not among the first `top`.
        above.append(wanted > block.topk(top + 1).values[:, -1:])
        below.append(wanted < block.topk(top + 1, largest=False).values[:, -1:])
    found: list[Hits] = []
    for hits in (torch.cat(above), torch.cat(below)):
        found.append(
            {
                name: hits[[place[int(s)] for s in pairs[:, 0]]][
                    :, [column[int(t)] for t in pairs[:, 1]]
                ]
                for name, pairs in relations.items()
            }
        )
    return found[0], found[1]


def _share(hits: Bool[torch.Tensor, "pair pair"], pairs: Pairs) -> Share:
    held = {(int(s), int(t)) for s, t in pairs}
    other = torch.tensor([[(int(s), int(t)) not in held for t in pairs[:, 1]] for s in pairs[:, 0]])
    shuffled = float(hits[other].float().mean()) if other.any() else None
    return Share(int(hits.diagonal().sum()), len(pairs), shuffled)
