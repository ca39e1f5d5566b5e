"""What counts as recovering a published role, and how much of it chance would give.

A role that attention shows is *recovered* in a head if one of the behaviours of its explanation
is of the role's family. Beside it, apart from every explanation, stands the recall of the role's
own measurement: of the k published heads, how many are among the k heads that score highest.
It is taken on repeated random tokens where the source tested its heads on these, else on the
corpus's text. A role that is about what a head writes is recovered if a claim that holds in
text, or the head's weights, say so (`functions`), and measured from the weights. Other roles say
what a head's output does in a task; they are listed, not graded.
"""

from collections.abc import Collection, Mapping, Sequence
from math import comb
from typing import NamedTuple

from ..records.explanation import RESTING, Explanation
from ..records.known_roles import PublishedHead, Recall, RoleList, StandardTest
from . import functions
from .functions import FUNCTIONS, NOTHING, Function, Writing
from .table import PublishedRole

REPEATS = "repeated random tokens"
TEXT = "corpus text"
WEIGHTS = "the model's weights"
Families = dict[str, list[str]]  # of the behaviours of each head
Measured = Mapping[str, Mapping[str, float]]  # metric -> head -> value
HIGH, SOME = 0.4, 0.2  # mean attention from which a standard test says that a head does it


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
# Of each standard test: the family of the behaviour that it shows.
TESTS = {sign.repeats: sign.family for sign in SIGNS.values()} | {
    "current_token": "current-token",
    "sink": RESTING,
}
NOT_GRADED = (
    "What makes a head one of these is what its output does in the source's task, which attention "
    "on ordinary text and the words that it raises or lowers do not show. Graded are: "
    f"{', '.join((*SIGNS, *FUNCTIONS))}."
)


def grade(
    published: Sequence[PublishedRole],
    explanations: Mapping[str, Explanation],
    text: Measured,
    repeats: Measured,
    writing: Writing = NOTHING,
) -> list[RoleList]:
    """Each list of the table held against a run; `explanations` is by name of the head."""
    lists: dict[tuple[str, str], list[PublishedRole]] = {}
    for row in published:
        lists.setdefault((row.role, row.test), []).append(row)
    return [_graded(rows, explanations, text, repeats, writing) for rows in lists.values()]


def _graded(
    rows: Sequence[PublishedRole],
    explanations: Mapping[str, Explanation],
    text: Measured,
    repeats: Measured,
    writing: Writing,
) -> RoleList:
    role, test = rows[0].role, rows[0].test
    families = _families(explanations)
    if role in SIGNS:
        shown = _attention(SIGNS[role], test, families, text, repeats)
    elif role in FUNCTIONS:
        shown = _function(FUNCTIONS[role], families, writing)
    else:
        heads = [_head(row, families) for row in rows]
        return RoleList(role=role, test=test, heads=heads, not_graded=NOT_GRADED)

    names = {row.head for row in rows}
    ranks = ranked(shown.values)
    k = len(names & ranks.keys())
    return RoleList(
        role=role,
        test=test,
        heads=[
            _head(
                row,
                families,
                recovered=row.head in shown.bearers if row.head in shown.compared else None,
                value=shown.values.get(row.head),
                rank=ranks.get(row.head),
            )
            for row in rows
        ],
        family=shown.family,
        says=shown.says,
        metric=shown.metric,
        measured_on=shown.on,
        explained=recall(names, shown.bearers, shown.compared),
        measured=recall(names, {name for name, rank in ranks.items() if rank <= k}, ranks.keys()),
    )


class _Shown(NamedTuple):
    """What shows a role: the heads of which it is told, of those compared, and a measurement."""

    family: str | None
    says: str | None
    bearers: set[str]
    compared: set[str]
    on: str
    metric: str
    values: Mapping[str, float]


def _attention(
    sign: Sign, test: str, families: Families, text: Measured, repeats: Measured
) -> _Shown:
    on, metric = (REPEATS, sign.repeats) if test == REPEATS else (TEXT, sign.text)
    values = (repeats if on == REPEATS else text).get(metric, {})
    told = _bearers(families, sign.family)
    return _Shown(sign.family, None, told, {*families}, on, metric, values)


def _function(function: Function, families: Families, writing: Writing) -> _Shown:
    compared = families.keys() & writing.heads
    metric = f"{function.effect} {', '.join(function.relations)}"
    values = functions.measured(function, writing)
    told = functions.bearers(function, writing)
    return _Shown(None, function.said, told, compared, WEIGHTS, metric, values)


def _families(explanations: Mapping[str, Explanation]) -> Families:
    return {name: [b.family for b in found.behaviours] for name, found in explanations.items()}


def _bearers(families: Mapping[str, list[str]], family: str) -> set[str]:
    return {name for name, found in families.items() if family in found}


def grade_tests(explanations: Mapping[str, Explanation], repeats: Measured) -> list[StandardTest]:
    """Each standard test that was made, held against the explanations of a run.

    Recall is of the heads that score `HIGH` or more. Precision asks for `SOME` alone: a behaviour
    may be one of several of a head, and is named for what it adds on text.
    """
    families, tests = _families(explanations), []
    for metric, family in TESTS.items():
        values = {
            name: value for name, value in repeats.get(metric, {}).items() if name in families
        }
        if not values:
            continue
        bearers = _bearers(families, family)
        high = sorted((n for n in values if values[n] >= HIGH), key=lambda n: (-values[n], n))
        tests.append(
            StandardTest(
                metric=metric,
                family=family,
                high=high,
                high_from=HIGH,
                missed=[name for name in high if name not in bearers],
                recall=recall(high, bearers, values.keys()),
                named=len(bearers & values.keys()),
                right=sum(values[name] >= SOME for name in bearers & values.keys()),
                some_from=SOME,
            )
        )
    return tests


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
    sought: Collection[str], picked: Collection[str], compared: Collection[str]
) -> Recall | None:
    """How many of the heads sought were picked, of those compared; None if none of them is.

    Shuffling what was picked among all n compared heads gives a hypergeometric count: of k
    heads sought and r picked, k·r/n are expected, and at least as many as found with
    probability p.
    """
    there, chosen = set(sought) & set(compared), set(picked) & set(compared)
    if not there:
        return None
    n, k, r = len(compared), len(there), len(chosen)
    found = len(there & chosen)
    as_many = sum(comb(k, i) * comb(n - k, r - i) for i in range(found, min(k, r) + 1))
    p = as_many / comb(n, r)
    return Recall(found=found, sought=k, compared=n, expected=k * r / n, p=p)
