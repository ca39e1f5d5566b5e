"""Heads that must not be held apart: what is learned from one is known of the other."""

from collections.abc import Mapping, Sequence

import numpy as np

from ..clustering.embeddings import behaviour_text
from .atlas import Atlas

Head = tuple[str, str]  # model and name


def groups_of(atlases: Sequence[Atlas]) -> dict[Head, Head]:
    """Of each head of these atlases the first of its group.

    A head is in one group on all corpora. In one group are twins, and heads of any model of
    which the same is said, word for word.
    """
    first: dict[Head, Head] = {}

    def found(head: Head) -> Head:
        while first.setdefault(head, head) != head:
            head = first[head]
        return head

    said: dict[str, Head] = {}
    for atlas in atlases:
        model = atlas.record.model
        for row in atlas.heads.iter_rows(named=True):
            head = model, row["name"]
            alike = [(model, name) for name in (row["twins"] or "").split()]
            text = behaviour_text(atlas.head(row["name"]))
            alike += [said.setdefault(text, head)] if text else []
            for other in alike:
                one, two = sorted([found(head), found(other)])
                first[two] = one
            found(head)
    return {head: found(head) for head in list(first)}


def folds_of(groups: Mapping[Head, Head], count: int, seed: int) -> dict[Head, int]:
    """The fold of each head; heads of one group are in one fold, and folds about as large.

    Groups are dealt, the largest first, to the fold that has the fewest heads.
    """
    members: dict[Head, list[Head]] = {}
    for head, group in groups.items():
        members.setdefault(group, []).append(head)
    shuffled = [sorted(members)[n] for n in np.random.default_rng(seed).permutation(len(members))]
    sizes = [0] * count
    folds: dict[Head, int] = {}
    for group in sorted(shuffled, key=lambda group: -len(members[group])):
        fold = sizes.index(min(sizes))
        sizes[fold] += len(members[group])
        folds |= dict.fromkeys(members[group], fold)
    return folds
