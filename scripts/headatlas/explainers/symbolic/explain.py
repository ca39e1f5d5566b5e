"""From what is seen of a head to its explanation."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from ...records.base import Split
from ...records.explanation import Behaviour, Explanation
from ...records.head import HeadRecord
from ...settings.symbolic import Symbolic
from ..logit.features import FeatureTable
from ..logit.gains import Frequent
from ..logit.model import Behaviour as LogitBehaviour
from ..logit.selection import Selection, Texts, select
from ..unexplained import failed_explanation, without_behaviours
from .activity import Activity, Seen, fit_activity
from .context import Context
from .findings import Finding, find
from .language import Expression
from .phrases import Speaker
from .predict import activation_of
from .program import program_of
from .summary import Contrast, summary, title, unexplained
from .texts import choose_texts
from .wording import active_when

Search = Callable[..., Selection]  # as `select` is called
COMMON = 0.02  # least share of queries on either side of a contrast


def explain(
    about: HeadRecord,
    train: Seen,
    validation: Seen,
    contexts: dict[Split, list[Context]],
    settings: Symbolic,
    rng: np.random.Generator,
    search: Search = select,
) -> Explanation:
    """What the head does, as a program and in words, or why it cannot be told.

    Behaviours are proposed and fitted on `train`. `validation` chooses among them, and gives
    the figures, and the test texts are made of its `contexts`. The explanation is `failed` if
    a number is not finite.
    """
    reason = _not_finite([train, validation])
    if reason:
        return failed_explanation(about, reason)
    texts = Texts(train.table, validation.table, Frequent(train.table))
    selection = search(
        train.attention,
        validation.attention,
        texts,
        max_behaviours=settings.max_behaviours,
        least_share=settings.min_gain,
    )
    findings = find(selection, train, validation)
    if not findings.pieces:
        return without_behaviours(about, "unexplained", unexplained(findings))
    pieces = {
        int(token): piece
        for context in (*contexts["train"], *contexts["validation"])
        for token, piece in zip(context.tokens, context.pieces, strict=True)
    }
    behaviours = selection.logit.behaviours
    speaker = Speaker(findings, behaviours, pieces)
    activity = fit_activity(selection.logit, train, validation)
    program = program_of(selection.logit, selection.position, activity.constant, activity.written)
    also = [_always_same(piece.source, train.table, validation.table) for piece in findings.pieces]
    positive, negative = choose_texts(
        partial(activation_of, program), contexts["validation"], settings.texts, rng
    )
    return Explanation(
        **about.model_dump(),
        status="explained",
        reason=None,
        title=title(findings, speaker),
        summary=summary(findings, speaker, also, _contrasts(activity, validation)),
        behaviours=[
            _behaviour(piece, speaker, behaviours, others)
            for piece, others in zip(findings.pieces, also, strict=True)
        ],
        program=program,
        confidence=round(min(max(findings.explained, 0.0), 1.0), 6),
        positive_texts=positive,
        negative_texts=negative,
    )


def _not_finite(splits: Sequence[Seen]) -> str | None:
    """Why a head cannot be explained, if what was seen of it holds infinity or NaN."""
    for name in ("activation", "attention"):
        if not all(np.isfinite(getattr(seen, name)).all() for seen in splits):
            return (
                f"The head's {name} is not finite: the model overflows in the precision it was"
                " run in"
            )
    return None


def _behaviour(
    piece: Finding,
    speaker: Speaker,
    behaviours: Sequence[LogitBehaviour],
    also: Sequence[Expression],
) -> Behaviour:
    found = Behaviour(
        attends_to=speaker.attends_to(piece),
        active_when=speaker.active_when(piece),
        family=speaker.family(piece),
        source=str(piece.source),
        trigger=str(piece.trigger),
        frequency=round(piece.frequency, 6),
        share=round(piece.share, 6),
        baseline=round(piece.baseline, 6),
        adds=round(piece.adds, 6),
        also=[str(other) for other in also],
    )
    if piece.term is None:
        return found
    term = behaviours[piece.term]
    if piece.source != term.source:  # narrower: the odds are of more keys
        return found
    ends = ("odds", term.weight), ("odds_low", term.low), ("odds_high", term.high)
    odds = {name: float(f"{np.exp(weight):.4g}") for name, weight in ends if np.isfinite(weight)}
    return found.model_copy(update=odds | {"levels": speaker.levels(piece)})


def _always_same(source: Expression, *tables: FeatureTable) -> list[Expression]:
    """The other sources that name the same keys wherever `source` names any."""
    first = tables[0]
    if source not in first.sources:
        return []
    return [
        other
        for other in first.sources
        if other != source and all(_same(source, other, table) for table in tables)
    ]


def _same(one: Expression, other: Expression, table: FeatureTable) -> bool:
    """Whether the keys are the same at every query at which `one` names any."""
    cells, others = table.cells_of(one), table.cells_of(other)
    row = table.grid.row
    there = np.zeros(table.grid.n_rows, bool)
    there[row[cells]] = True
    return bool(np.array_equal(np.sort(cells), np.sort(others[there[row[others]]])))


def _contrasts(activity: Activity, seen: Seen) -> list[Contrast]:
    """Activation where the triggers hold that decide how much is written, against elsewhere."""
    found, counted = [], seen.table.grid.query > 0
    activation = seen.activation[counted]
    for part in activity.written:
        trigger = next((t for t in seen.table.triggers if str(t) == part.trigger), None)
        if part.source is not None or trigger is None:
            continue
        where = seen.table.rows_of(trigger)[counted]
        if COMMON <= where.mean() <= 1 - COMMON and activation[~where].any():
            ratio = float(activation[where].mean() / activation[~where].mean())
            found.append(Contrast(ratio, f"when {active_when(trigger)}"))
    return found
