"""What counts as recovering a published role, and how much of it chance would give.

A role that attention shows is *recovered* in a head if one of the behaviours of its explanation
is of the role's family. Beside it, apart from every explanation, stands the recall of the role's
own measurement: of the k published heads, how many are among the k heads that score highest.
It is taken on repeated random tokens where the source tested its heads on these, else on the
corpus's text. Other roles say what a head's output does in a task; they are listed, not graded.
"""

from collections.abc import Collection, Mapping, Sequence
from math import comb
from typing import NamedTuple

from ..records.explanation import Explanation
from ..records.known_roles import PublishedHead, Recall, RoleList
from .table import PublishedRole

REPEATS = "repeated random tokens"
TEXT = "corpus text"
Measured = Mapping[str, Mapping[str, float]]  # metric -> head -> value


class Sign(NamedTuple):
    """By what a role is known: family of a behaviour, head metric, score on random tokens."""

    family: str
    text: str
    repeats: str


SIGNS = {
    "induction": Sign("induction", "induction", "prefix_matching"),
    "previous token": Sign("previous-token", "previous_token", "previous_token"),
    "duplicate token": Sign("duplicate-token", "duplicate_token", "duplicate_token"),
}
NOT_GRADED = (
    "What makes a head one of these is what its output does in the source's task, which attention "
    f"on ordinary text does not show. Graded are: {', '.join(SIGNS)}."
)


def grade(
    published: Sequence[PublishedRole],
    explanations: Mapping[str, Explanation],
    text: Measured,
    repeats: Measured,
) -> list[RoleList]:
    """Each list of the table held against a run; `explanations` is by name of the head."""
    lists: dict[tuple[str, str], list[PublishedRole]] = {}
    for row in published:
        lists.setdefault((row.role, row.test), []).append(row)
    return [_graded(rows, explanations, text, repeats) for rows in lists.values()]


def _graded(
    rows: Sequence[PublishedRole],
    explanations: Mapping[str, Explanation],
    text: Measured,
    repeats: Measured,
) -> RoleList:
    role, test = rows[0].role, rows[0].test
    families = {
        name: [behaviour.family for behaviour in explanation.behaviours]
        for name, explanation in explanations.items()
    }
    sign = SIGNS.get(role)
    if sign is None:
        heads = [_head(row, families) for row in rows]
        return RoleList(role=role, test=test, heads=heads, not_graded=NOT_GRADED)

    names = {row.head for row in rows}
    bearers = {name for name, found in families.items() if sign.family in found}
    on, metric = (REPEATS, sign.repeats) if test == REPEATS else (TEXT, sign.text)
    values = (repeats if on == REPEATS else text).get(metric, {})
    ranks = ranked(values)
    k = len(names & ranks.keys())
    return RoleList(
        role=role,
        test=test,
        heads=[
            _head(
                row,
                families,
                recovered=row.head in bearers if row.head in families else None,
                value=values.get(row.head),
                rank=ranks.get(row.head),
            )
            for row in rows
        ],
        family=sign.family,
        metric=metric,
        measured_on=on,
        explained=recall(names, bearers, families.keys()),
        measured=recall(names, {name for name, rank in ranks.items() if rank <= k}, ranks.keys()),
    )


def _head(
    row: PublishedRole,
    families: Mapping[str, list[str]],
    *,
    recovered: bool | None = None,
    value: float | None = None,
    rank: int | None = None,
) -> PublishedHead:
    return PublishedHead(
        head=row.head,
        source=row.source,
        arxiv=row.arxiv,
        checked=row.checked,
        families=families.get(row.head),
        recovered=recovered,
        value=value,
        rank=rank,
    )


def ranked(values: Mapping[str, float]) -> dict[str, int]:
    """Rank of each head, 1 for the largest value; heads of equal value share the best rank."""
    return {
        name: 1 + sum(other > value for other in values.values()) for name, value in values.items()
    }


def recall(
    published: Collection[str], picked: Collection[str], compared: Collection[str]
) -> Recall | None:
    """How many published heads were picked, of those compared; None if none of them is.

    Shuffling what was picked among all n compared heads gives a hypergeometric count: of k
    published and r picked heads, k·r/n are expected, and at least as many as found with
    probability p.
    """
    there = set(published) & set(compared)
    if not there:
        return None
    n, k, r = len(compared), len(there), len(picked)
    found = len(there & set(picked))
    as_many = sum(comb(k, i) * comb(n - k, r - i) for i in range(found, min(k, r) + 1))
    return Recall(found=found, published=k, compared=n, expected=k * r / n, p=as_many / comb(n, r))
