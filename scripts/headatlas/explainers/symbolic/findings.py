"""What a head does, piece by piece: the first token, distance, and the behaviours of its logit.

All figures are of validation text. What a piece adds is a share of KL(A‖even): that by which
less of it is explained without the piece, or, of the first token, if it had the share that even
attention gives it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from ..logit.features import Feature, term_of
from ..logit.grid import BIN_ENDS, N_BINS, Grid
from ..logit.importance import Importance
from ..logit.measures import divergences, even, first_evened
from ..logit.model import Logit
from ..logit.selection import PROFILE, Selection
from .activity import Seen
from .language import ANY, EVERYTHING, FIRST_TOKEN, RECENT, Expression
from .narrowing import MOST, counterparts, narrowed, with_counterparts
from .wording import family

RESTS = 0.05  # what the first token must add to be told
LOCAL = 0.05  # and the kernel
ONE_DISTANCE = 1 / 3  # share of the attention off the first token that makes it that distance's
STANDS_OUT = 1 / 4  # likewise, if it is so many times that of any other single distance:
TIMES_NEXT = 1.8
TIMES_EVEN = 2.0  # and how many times what even attention would give it
TOLD = 0.02  # nats a query that a term must add to be told; the others stay in the program
ELSEWHERE = 0.1  # of the attention off the first token, for which distance alone is told
CLEAR = 1.5  # ratio of the odds of its share and of the position model's, or the inverse
EVEN = 0.05  # nats a query: below, a head spreads its attention evenly
SINGLE = [n for n, end in enumerate(BIN_ENDS) if n == end]  # bins of one distance
_TINY = 1e-9
NEARLY_EVEN = 0.7  # of the attention where even attention is: likewise, if nothing else is found


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
    """The pieces that are worth telling, those that add most first (kinds count for less)."""
    attention, grid = validation.attention, validation.table.grid
    position = selection.position.predict(validation.table)
    uniform = even(grid)

    def nats(predicted: Float[np.ndarray, " cell"]) -> float:
        return float(divergences(attention, predicted, grid).sum()) / max(grid.n_rows, 1)

    left = nats(uniform)
    distance = distance_of(attention, uniform, grid)
    share = _mean(1 - attention[grid.starts], grid)
    evenly = [Finding(EVERYTHING, ANY, 1.0, share, share, 0.0)]
    if left < EVEN:
        return Findings(evenly, distance, 0.0, 0.0, left)
    predicted = selection.logit.predict(validation.table)
    unexplained = nats(predicted)
    others = counterparts(selection.logit, train)
    importance = Importance(
        with_counterparts(selection.logit, others),
        (train.attention, train.table),
        (attention, validation.table),
    )
    needed = _needed(selection.logit, importance, list(others))
    last = narrowed(selection.logit, others, train)
    told = {n: last.get(n, selection.logit.behaviours[n].feature) for n in sorted(needed)}
    adds = {n: nats / left for n, nats in needed.items()}
    terms = list(_of_terms(selection.logit, told, validation, position, adds))
    raised = [n for p in terms if p.share > p.baseline and (n := p.term) is not None]
    far = _elsewhere([selection.logit.behaviours[n].feature for n in raised], validation)
    # By many a term: the kinds of all other keys, raised or lowered together, tell it as well.
    first = nats(first_evened(predicted, grid)) - unexplained
    pieces = [
        *_resting(attention, uniform, grid, first / left),
        *_of_distance(distance, attention, uniform, grid, importance.distance / left, far),
        *terms,
    ]
    if not pieces:  # behaviours and distance stand in for each other
        alone = Importance(
            selection.position, (train.attention, train.table), (attention, validation.table)
        )
        pieces = list(_of_distance(distance, attention, uniform, grid, alone.distance / left, 1.0))
    if not pieces and _mean(grid.row_sums(np.minimum(attention, uniform)), grid) >= NEARLY_EVEN:
        pieces = evenly
    instead = _instead_of_resting(pieces, validation, position)
    there = {piece.source for piece in instead}
    pieces = [p for p in pieces if p.term is not None or p.source not in there] + instead
    pieces = _together(pieces)
    pieces.sort(key=lambda p: -p.adds * (PROFILE if p.source == EVERYTHING else 1))
    return Findings(pieces, distance, 1 - unexplained / left, 1 - nats(position) / left, left)


def _needed(logit: Logit, importance: Importance, paired: Sequence[int]) -> dict[int, float]:
    """The behaviours worth telling by number, and the nats a query that are lost without them.

    Where several of a family stand in for each other, so that no single one is needed, the one
    that was found first is told for all. The counterparts of those in `paired` have terms that
    follow all behaviours; each goes with its own.
    """
    n_terms = len(logit.behaviours)

    def lost_without(numbers: Sequence[int]) -> float:
        own = [n_terms + place for place, n in enumerate(paired) if n in numbers]
        return importance.behaviours([*numbers, *own])

    lost = [lost_without([n]) for n in range(n_terms)]
    found = {n: nats for n, nats in enumerate(lost) if nats >= TOLD}
    families = [family(behaviour.source) for behaviour in logit.behaviours]
    for name in dict.fromkeys(families):
        members = [n for n, own in enumerate(families) if own == name]
        if len(members) > 1 and not found.keys() & members:
            nats = lost_without(members)
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
    elsewhere: float,
) -> Iterator[Finding]:
    """One distance that gets much of the attention, or else nearby tokens.

    These are not told where behaviours name nearly all keys, little being `elsewhere`: distance
    then tells which of theirs.
    """
    if_even = distance_of(uniform, uniform, grid).shares
    top, following = sorted(SINGLE, key=lambda n: -float(distance.shares[n]))[:2]
    peak = float(distance.shares[top])
    stands_out = peak >= max(STANDS_OUT, TIMES_NEXT * distance.shares[following])
    large = (peak >= ONE_DISTANCE or stands_out) and peak >= TIMES_EVEN * if_even[top]
    if large and adds >= LOCAL:
        source, bins = _at(top), [top]
    elif distance.near and adds >= LOCAL and elsewhere >= ELSEWHERE:
        reach = BIN_ENDS.index(distance.half) if distance.half in BIN_ENDS else N_BINS - 1
        source = Expression("recent", (min(RECENT, key=lambda n: abs(n - distance.half - 1)),))
        bins = list(range(reach + 1))
    else:
        return
    counts = np.isin(grid.bin, bins) & grid.not_first
    share, baseline = (_mean(grid.row_sums(cells * counts), grid) for cells in (attention, uniform))
    yield Finding(source, ANY, 1.0, share, baseline, adds)


def _instead_of_resting(
    pieces: Sequence[Finding], validation: Seen, position: Float[np.ndarray, " cell"]
) -> list[Finding]:
    """Where the first token is left at some queries, the one distance that then gets most.

    The curve over distance has it, which counts for little where the head rests everywhere else.
    """
    grid, found = validation.table.grid, []
    for piece in pieces:
        if piece.source != FIRST_TOKEN or piece.trigger == ANY or piece.share > piece.baseline:
            continue
        at_trigger = (validation.table.rows_of(piece.trigger) & (grid.query > 0))[grid.row]
        shares = distance_of(validation.attention * at_trigger, even(grid), grid).shares
        top = max(SINGLE, key=lambda n: float(shares[n]))
        cells = at_trigger & grid.not_first & (grid.bin == top)
        share, baseline = (
            float(p[cells].sum() / max(p[at_trigger].sum(), _TINY))
            for p in (validation.attention, position)
        )
        if share > MOST and _odds(share) >= CLEAR * _odds(baseline):
            told = piece._replace(source=_at(top), share=share, baseline=baseline, term=None)
            found.append(told)
    return found


def _elsewhere(raised: Sequence[Feature], seen: Seen) -> float:
    """The share of the attention off the first token that is on no key of these features."""
    free = seen.attention * seen.table.grid.not_first
    total = float(free.sum())
    for feature in raised:
        if feature.source != EVERYTHING:
            free[term_of(feature, seen.table).cells] = 0
    return float(free.sum()) / total if total else 0.0


def _of_terms(
    logit: Logit,
    told: Mapping[int, Feature],
    validation: Seen,
    position: Float[np.ndarray, " cell"],
    adds: Mapping[int, float],
) -> Iterator[Finding]:
    """The behaviours that get clearly more of the attention, or less, than position gives them."""
    grid = validation.table.grid
    counted = grid.query > 0
    for number, feature in told.items():
        cells = term_of(feature, validation.table).cells
        applies = (np.bincount(grid.row[cells], minlength=grid.n_rows) > 0) & counted
        share, baseline = (
            float(np.bincount(grid.row[cells], p[cells], grid.n_rows)[applies].mean())
            if applies.any()
            else 0.0
            for p in (validation.attention, position)
        )
        ratio = _odds(share) / _odds(baseline)
        more, less = ratio >= CLEAR, ratio <= 1 / CLEAR and logit.behaviours[number].weight < 0
        # Of all keys together the share is the same, however it is spread among them.
        if more or less or feature.source == EVERYTHING:
            frequency = float(applies[counted].mean())
            yield Finding(
                feature.source, feature.trigger, frequency, share, baseline, adds[number], number
            )


def _odds(share: float) -> float:
    share = min(max(share, _TINY), 1 - _TINY)
    return share / (1 - share)


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
            # Of the first token it is measured with all its terms.
            adds = found[same].adds + piece.adds * (piece.source != FIRST_TOKEN)
            term = found[same].term if found[same].term is not None else piece.term
            found[same] = found[same]._replace(adds=adds, term=term)
    return found


def _mean(rows: Float[np.ndarray, " row"], grid: Grid) -> float:
    """Over the queries but the first of a window."""
    return float(rows[grid.query > 0].mean())
