"""How much a head writes: what its activation is made of, a part at a time.

The parts are the attention that a program predicts on some keys, and triggers. They are chosen
forward: proposed and fitted on train by least squares, kept where they lower the squared error
on validation.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ...records.explanation import Written
from ..logit.features import Feature, FeatureTable, Texts, term_of
from ..logit.model import Logit
from .language import ANY, FIRST_TOKEN, Expression, parse_source, parse_trigger

MOST_PARTS = 5
PROPOSED = 6  # parts that train proposes to validation at each step
LEAST_VARIANCE = 0.02  # of the variance of activation on validation that a part must explain
_DIGITS = 6


@dataclass(frozen=True)
class Seen:
    """What an explainer sees of a head in the windows of a split."""

    table: FeatureTable
    attention: Float[np.ndarray, " cell"]  # rows sum to 1
    activation: Float[np.ndarray, " row"]


@dataclass(frozen=True)
class Activity:
    """The activation at a query is the constant and the parts written there."""

    constant: float
    written: list[Written]


Part = tuple[Expression | None, Expression]  # source, whose predicted attention counts, and trigger


def fit_activity(logit: Logit, train: Seen, validation: Seen) -> Activity:
    """What the activation of a head is made of, position 0 left out."""
    parts: list[Part] = [
        (FIRST_TOKEN, ANY),
        *((b.source, b.trigger) for b in logit.behaviours if b.source != FIRST_TOKEN),
        *((None, trigger) for trigger in train.table.triggers if trigger != ANY),
    ]
    x, y = _columns(parts, logit, train)
    held_x, held_y = _columns(parts, logit, validation)
    least = LEAST_VARIANCE * float(((held_y - held_y.mean()) ** 2).sum())
    chosen: list[int] = []
    weights = _fit(x[:, chosen], y)
    error = _error(weights, held_x[:, chosen], held_y)
    for _ in range(MOST_PARTS):
        residual = y - weights[0] - x[:, chosen] @ weights[1:]
        best = _tried(x, y, held_x, held_y, chosen, _proposed(x, residual, chosen))
        if best is None or error - best[0] <= least:
            break
        error, chosen = best[0], [*chosen, best[1]]
        weights = _fit(x[:, chosen], y)
    written = [
        Written(source=str(source) if source else None, trigger=str(trigger), amount=_digits(w))
        for (source, trigger), w in zip((parts[i] for i in chosen), weights[1:], strict=True)
    ]
    return Activity(_digits(weights[0]), written)


def predicted_activation(
    constant: float,
    written: Sequence[Written],
    attention: Float[np.ndarray, " cell"],
    windows: Texts,
) -> Float[np.ndarray, " row"]:
    """Activation of each query by the attention that is predicted."""
    grid = windows.grid
    found = np.full(grid.n_rows, constant)
    for part in written:
        trigger = parse_trigger(part.trigger)
        source = parse_source(part.source) if part.source else None
        found += part.amount * _column((source, trigger), attention, windows)
    return found


def _columns(
    parts: Sequence[Part], logit: Logit, seen: Seen
) -> tuple[Float[np.ndarray, "query part"], Float[np.ndarray, " query"]]:
    """The parts and the activation at the queries that count."""
    attention = logit.predict(seen.table)
    counts = seen.table.grid.query > 0
    columns = [_column(part, attention, seen.table)[counts] for part in parts]
    return np.stack(columns, axis=1), seen.activation[counts]


def _column(
    part: Part, attention: Float[np.ndarray, " cell"], windows: Texts
) -> Float[np.ndarray, " row"]:
    source, trigger = part
    if source is None:
        return windows.rows_of(trigger).astype(float)
    cells = term_of(Feature(source, trigger), windows).cells
    return np.bincount(windows.grid.row[cells], attention[cells], windows.grid.n_rows)


def _proposed(
    x: Float[np.ndarray, "query part"], residual: Float[np.ndarray, " query"], chosen: list[int]
) -> list[int]:
    """The parts that correlate most with what is left on train."""
    centred = x - x.mean(axis=0)
    size = np.sqrt((centred**2).sum(axis=0))
    gain = np.divide(np.abs(residual @ centred), size, out=np.zeros_like(size), where=size > 1e-9)
    gain[chosen] = 0
    order = np.argsort(-gain, kind="stable")[:PROPOSED]
    return [int(i) for i in order if gain[i] > 0]


def _tried(
    x: Float[np.ndarray, "query part"],
    y: Float[np.ndarray, " query"],
    held_x: Float[np.ndarray, "other part"],
    held_y: Float[np.ndarray, " other"],
    chosen: list[int],
    proposed: list[int],
) -> tuple[float, int] | None:
    """Squared error on validation and number of the part that is best there; None for none."""
    tried = []
    for i in proposed:
        columns = [*chosen, i]
        tried.append((_error(_fit(x[:, columns], y), held_x[:, columns], held_y), i))
    return min(tried, default=None)


def _fit(
    x: Float[np.ndarray, "query part"], y: Float[np.ndarray, " query"]
) -> Float[np.ndarray, " weight"]:
    """The constant, then a weight for each part."""
    found: Float[np.ndarray, " weight"] = np.linalg.lstsq(
        np.column_stack([np.ones(len(y)), x]), y, rcond=None
    )[0]
    return found


def _error(
    weights: Float[np.ndarray, " weight"],
    x: Float[np.ndarray, "query part"],
    y: Float[np.ndarray, " query"],
) -> float:
    return float(((y - weights[0] - x @ weights[1:]) ** 2).sum())


def _digits(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
