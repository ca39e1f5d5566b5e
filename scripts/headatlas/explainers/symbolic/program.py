"""A conditional logit as the record of an explanation, and back."""

from collections.abc import Sequence

from ...records.explanation import Position, Program, Term, Written
from ..logit.grid import BIN_ENDS
from ..logit.model import Behaviour, Logit
from .language import ExpressionError, parse_source, parse_trigger

_DIGITS = 5


def program_of(
    logit: Logit, position: Logit, constant: float, written: Sequence[Written]
) -> Program:
    """The executable form of what was found."""
    terms = [
        Term(
            source=str(b.source),
            trigger=str(b.trigger),
            weight=round(b.weight, _DIGITS),
            by=b.by,
            weights=[round(weight, _DIGITS) for weight in b.weights],
        )
        for b in logit.behaviours
    ]
    return Program(
        bins=list(BIN_ENDS),
        logit=_position(logit),
        terms=terms,
        position=_position(position),
        constant=constant,
        written=list(written),
    )


def logit_of(program: Program) -> Logit:
    """The model of a program. Raises ExpressionError if it is not of this code's language."""
    _check_bins(program)
    behaviours = tuple(
        Behaviour(
            parse_source(t.source), parse_trigger(t.trigger), t.weight, t.by, tuple(t.weights)
        )
        for t in program.terms
    )
    return _logit(program.logit, behaviours)


def position_of(program: Program) -> Logit:
    """Its position model. Raises ExpressionError likewise."""
    _check_bins(program)
    return _logit(program.position)


def _check_bins(program: Program) -> None:
    if tuple(program.bins) != BIN_ENDS:
        raise ExpressionError(f"bins of distance {program.bins}; this code has {list(BIN_ENDS)}")


def _logit(position: Position, behaviours: tuple[Behaviour, ...] = ()) -> Logit:
    return Logit(tuple(position.kernel), tuple(position.first), position.second, behaviours)


def _position(logit: Logit) -> Position:
    kernel, first = (
        [round(value, _DIGITS) for value in values] for values in (logit.kernel, logit.first)
    )
    return Position(kernel=kernel, first=first, second=round(logit.second, _DIGITS))
