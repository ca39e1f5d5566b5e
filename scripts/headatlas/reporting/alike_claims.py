"""What heads of a kind write: how many of a group hold a claim, and who holds the opposite."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .catalogue import OBJECT_NAMES
from .claims import Claims
from .heads import Head

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


def mates(head: Head, heads: Sequence[Head]) -> list[str]:
    """The other heads of its cluster, or where it is in none, of the family of its explanation."""
    others = [other for other in heads if other.name != head.name]
    if head.cluster is not None:
        return [other.name for other in others if other.cluster == head.cluster]
    return [other.name for other in others if head.family and other.family == head.family]


def alike(claims: Claims, head: str, grouped: Iterable[str]) -> list[Alike]:
    """For each claim that holds of a head, which of its `mates` hold it too, or the opposite."""
    known = {name: claims.heads[name].held for name in grouped if name in claims.heads}
    own = claims.heads.get(head)
    found = []
    for effect, name in sorted(own.held) if own else []:
        same, opposite = (
            [other for other, theirs in known.items() if (kind, name) in theirs]
            for kind in (effect, OPPOSITE[effect])
        )
        if same or opposite:
            found.append(Alike(effect, name, same, opposite))
    return found
