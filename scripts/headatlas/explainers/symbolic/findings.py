"""What a head does, piece by piece: the first token, distance, and the behaviours of its logit.

All figures are of validation text. What a piece adds is a share of KL(A‖even): that by which
less of it is explained without the piece.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from ..logit.features import term_of
from ..logit.grid import BIN_ENDS, N_BINS, Grid
from ..logit.importance import Importance
from ..logit.measures import divergences, even
from ..logit.model import Logit
from ..logit.selection import Selection
from .activity import Seen
from .language import ANY, EVERYTHING, FIRST_TOKEN, RECENT, Expression
from .wording import family

RESTS = 0.05  # what the first token must add to be told
LOCAL = 0.05  # and the kernel
ONE_DISTANCE = 1 / 3  # share of the attention off the first token that makes it that distance's
TIMES_EVEN = 2.0  # and how many times what even attention would give it
TOLD = 0.02  # nats a query that a term must add to be told; the others stay in the program
EVEN = 0.05  # nats a query: below, a head spreads its attention evenly


class Finding(NamedTuple):
    """A piece: which keys, at which queries, its shares and what it adds."""

    source: Expression
    trigger: Expression
    frequency: float  # share of queries that have such keys
    share: float  # of the attention of these queries
    baseline: float  # the same by the position model; for that itself by even attention
    adds: float
    term: int | None = None  # of the logit


@dataclass(frozen=True)
class Distance:
    """How attention off the first token falls off: its share in each bin, and where half is."""

    shares: Float[np.ndarray, " bin"]
    half: int
    half_if_even: int

    @property
    def near(self) -> bool:
        """Whether half of it is clearly nearer than even attention would have it."""
        return TIMES_EVEN * (self.half + 1) <= self.half_if_even + 1


@dataclass(frozen=True)
class Findings:
    """All that is found; `explained` of what even attention leaves, in nats a query `nats`."""

    pieces: list[Finding]
    distance: Distance
    explained: float
    by_position: float
    nats: float


def find(selection: Selection, train: Seen, validation: Seen) -> Findings:
    """The pieces that are worth telling, those that add most first."""
    attention, grid = validation.attention, validation.table.grid
    position = selection.position.predict(validation.table)
    uniform = even(grid)

    def nats(predicted: Float[np.ndarray, " cell"]) -> float:
        return float(divergences(attention, predicted, grid).sum()) / max(grid.n_rows, 1)

    left = nats(uniform)
    distance = distance_of(attention, uniform, grid)
    if left < EVEN:
        share = _mean(1 - attention[grid.starts], grid)
        pieces = [Finding(EVERYTHING, ANY, 1.0, share, share, 0.0)]
        return Findings(pieces, distance, 0.0, 0.0, left)
    importance = Importance(
        selection.logit, (train.attention, train.table), (attention, validation.table)
    )
    needed = _needed(selection.logit, importance)
    pieces = [
        *_resting(attention, uniform, grid, importance.first / left),
        *_of_distance(distance, attention, uniform, grid, importance.distance / left),
        *_of_terms(selection, validation, position, {n: a / left for n, a in needed.items()}),
    ]
    pieces = _together(pieces)
    pieces.sort(key=lambda piece: -piece.adds)
    full = 1 - nats(selection.logit.predict(validation.table)) / left
    return Findings(pieces, distance, full, 1 - nats(position) / left, left)


def _needed(logit: Logit, importance: Importance) -> dict[int, float]:
    """The behaviours worth telling by number, and the nats a query that are lost without them.

    Where several of a family stand in for each other, so that no single one is needed, the one
    that was found first is told for all.
    """
    lost = [importance.behaviours([n]) for n in range(len(logit.behaviours))]
    found = {n: nats for n, nats in enumerate(lost) if nats >= TOLD}
    families = [family(behaviour.source) for behaviour in logit.behaviours]
    for name in dict.fromkeys(families):
        members = [n for n, own in enumerate(families) if own == name]
        if len(members) > 1 and not found.keys() & members:
            nats = importance.behaviours(members)
            if nats >= TOLD:
                found[members[0]] = nats
    return found


def distance_of(
    attention: Float[np.ndarray, " cell"], uniform: Float[np.ndarray, " cell"], grid: Grid
) -> Distance:
    """The shares of distances in the attention that is not on the first token."""
    shares, if_even = (
        np.bincount(grid.bin, cells * grid.not_first, N_BINS) for cells in (attention, uniform)
    )
    halves = []
    for amounts in (shares, if_even):
        bin_number = int(np.searchsorted(amounts.cumsum(), amounts.sum() / 2))
        halves.append(int([*BIN_ENDS, grid.lengths.max() - 1][min(bin_number, N_BINS - 1)]))
    total = shares.sum()
    return Distance(shares / total if total else shares, *halves)


def _resting(
    attention: Float[np.ndarray, " cell"],
    uniform: Float[np.ndarray, " cell"],
    grid: Grid,
    adds: float,
) -> Iterator[Finding]:
    share, baseline = (_mean(cells[grid.starts], grid) for cells in (attention, uniform))
    if adds >= RESTS and share > baseline:
        yield Finding(FIRST_TOKEN, ANY, 1.0, share, baseline, adds)


def _of_distance(
    distance: Distance,
    attention: Float[np.ndarray, " cell"],
    uniform: Float[np.ndarray, " cell"],
    grid: Grid,
    adds: float,
) -> Iterator[Finding]:
    """One distance that gets much of the attention, or else nearby tokens."""
    single = [n for n, end in enumerate(BIN_ENDS) if n == end]  # bins of one distance
    if_even = distance_of(uniform, uniform, grid).shares
    top = max(single, key=lambda n: float(distance.shares[n]))
    large = distance.shares[top] >= max(ONE_DISTANCE, TIMES_EVEN * if_even[top])
    if large and adds >= LOCAL:
        source, bins = _at(top), [top]
    elif distance.near and adds >= LOCAL:
        reach = BIN_ENDS.index(distance.half) if distance.half in BIN_ENDS else N_BINS - 1
        source = Expression("recent", (min(RECENT, key=lambda n: abs(n - distance.half - 1)),))
        bins = list(range(reach + 1))
    else:
        return
    counts = np.isin(grid.bin, bins) & grid.not_first
    share, baseline = (_mean(grid.row_sums(cells * counts), grid) for cells in (attention, uniform))
    yield Finding(source, ANY, 1.0, share, baseline, adds)


def _of_terms(
    selection: Selection,
    validation: Seen,
    position: Float[np.ndarray, " cell"],
    adds: Mapping[int, float],
) -> Iterator[Finding]:
    grid = validation.table.grid
    counted = grid.query > 0
    for number in sorted(adds):
        behaviour = selection.logit.behaviours[number]
        cells = term_of(behaviour.feature, validation.table).cells
        applies = (np.bincount(grid.row[cells], minlength=grid.n_rows) > 0) & counted
        share, baseline = (
            float(np.bincount(grid.row[cells], p[cells], grid.n_rows)[applies].mean())
            if applies.any()
            else 0.0
            for p in (validation.attention, position)
        )
        yield Finding(
            behaviour.source,
            behaviour.trigger,
            float(applies[counted].mean()),
            share,
            baseline,
            adds[number],
            number,
        )


def _at(distance: int) -> Expression:
    named = {0: Expression("current_token"), 1: Expression("previous_token")}
    return named.get(distance, Expression("offset", (distance,)))


def _together(pieces: list[Finding]) -> list[Finding]:
    """A term about what distance or the first token tells already is told with it."""
    found: list[Finding] = []
    for piece in pieces:
        same = next(
            (n for n, p in enumerate(found) if (p.source, p.trigger) == (piece.source, ANY)), None
        )
        if same is None or piece.trigger != ANY:
            found.append(piece)
        else:
            adds = found[same].adds + piece.adds
            term = found[same].term if found[same].term is not None else piece.term
            found[same] = found[same]._replace(adds=adds, term=term)
    return found


def _mean(rows: Float[np.ndarray, " row"], grid: Grid) -> float:
    """Over the queries but the first of a window."""
    return float(rows[grid.query > 0].mean())
