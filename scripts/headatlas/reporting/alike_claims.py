"""What heads of a kind write: how many of a group hold a claim, and who holds the opposite."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .catalogue import OBJECT_NAMES
from .claims import Claims
from .tables import Head

OPPOSITE = {"raises": "lowers", "lowers": "raises"}


def told(claims: Claims | None, names: Iterable[str]) -> str:
    """How many of some heads hold each claim, the commonest first; empty without claims."""
    known = [name for name in names if claims and name in claims.heads]
    if claims is None or not known:
        return ""
    found = Counter(key for name in known for key in sorted(claims.heads[name].held))
    parts = [
        f"{effect} {OBJECT_NAMES[o]}: {n} of {len(known)}" for (effect, o), n in found.most_common()
    ]
    return "; ".join(parts) or f"no clear effect on the next token: {len(known)} of {len(known)}"


class Alike(NamedTuple):
    """Of the heads that a head is grouped with, those that write the same, and the opposite."""

    effect: str
    object: str
    same: list[str]
    opposite: list[str]


def alike(claims: Claims, head: Head, heads: Sequence[Head]) -> list[Alike]:
    """For each claim that holds of a head, its relations: those that have any.

    Heads are grouped by their cluster, or where it has none, by the family of their explanations.
    """
    if head.cluster is not None:
        group = [other.name for other in heads if other.cluster == head.cluster]
    else:
        group = [other.name for other in heads if head.family and other.family == head.family]
    known = {n: claims.heads[n].held for n in group if n in claims.heads and n != head.name}
    own = claims.heads.get(head.name)
    found = []
    for effect, name in sorted(own.held) if own else []:
        same, opposite = (
            [other for other, theirs in known.items() if (kind, name) in theirs]
            for kind in (effect, OPPOSITE[effect])
        )
        if same or opposite:
            found.append(Alike(effect, name, same, opposite))
    return found
