"""The catalogue of roles: what a head does, in words, as rules, and as a circuit.

Wherever a role names no key, its head attends to the first token, as trained heads do. No
head of one layer can tell which bracket is still open; the last opening bracket is the
nearest to it that a head can attend to, and is what that role says.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from .circuits import MARGIN, Circuit
from .residual import CLOCK
from .vocabulary import CODE_LENGTH, CONTEXT, NEAREST

# Logits rise by 4 nats from a token to the next: the later of two neighbours gets 98 %.
RISE = 4.0 * CONTEXT
# Enough for a key to stand above keys that are one turn of the clock further back.
_SLOW_RISE = 2 * MARGIN * CONTEXT / CLOCK
_OTHER_TOKEN = NEAREST / CODE_LENGTH  # share of `same_token` that another token gets at most


@dataclass(frozen=True)
class Rule:
    """Where a head attends; of several rules the first whose class is the query's decides."""

    source: str
    "which keys, in the symbolic explainer's language"
    when: str | None = None
    "class of the current token at which it does so; always if None"

    @property
    def trigger(self) -> str:
        """The same in the symbolic explainer's language."""
        return f"class({self.when})" if self.when else "any"


@dataclass(frozen=True)
class Role:
    """One thing that a head is built to do."""

    name: str
    words: str
    rules: tuple[Rule, ...]
    build: Callable[[Circuit], None]
    needs_carrier: bool = False
    "whether it reads what a previous-token head of an earlier layer has written"
    exact: bool = True
    "whether the rules say exactly what the head does, not only nearly"


def at_distance(head: Circuit, distance: int) -> None:
    bonus = _SLOW_RISE + 2 * MARGIN
    head.at_distance(distance, bonus)
    head.prefer({"ramp": _SLOW_RISE, "first": bonus - MARGIN})


def _first_token(head: Circuit) -> None:
    head.prefer({"first": 2 * MARGIN})


def of_class(head: Circuit, name: str, *, rise: float) -> None:
    """All keys of a class, or with a `rise` the last."""
    bonus = rise + 2 * MARGIN
    head.prefer({name: bonus, "ramp": rise, "first": bonus - MARGIN})


def _same_token(head: Circuit, *, rise: float) -> None:
    """Earlier occurrences of the query's token, all or with a `rise` the last."""
    _matching(head, "token", rise)
    head.at_distance(0, -(rise + 2 * MARGIN))  # not the query itself


def _induction(head: Circuit, *, rise: float) -> None:
    """What followed earlier occurrences of the query's token."""
    _matching(head, "previous_token", rise)


def _matching(head: Circuit, place: str, rise: float) -> None:
    bonus = (rise + 2 * MARGIN) / (1 - _OTHER_TOKEN)
    head.same_token(place, bonus)
    head.prefer({"ramp": rise, "first": bonus - MARGIN})


def _everything(head: Circuit) -> None:
    """No logit differs from another."""


def _previous_else_last(head: Circuit, name: str, when: str) -> None:
    """The previous token at queries of class `when`, at others the last key of class `name`."""
    near, far = _near_and_far(head)
    head.prefer({name: far, "first": far - MARGIN - near}, unless=when)


def _last_else_previous(head: Circuit, name: str, when: str) -> None:
    """The last key of class `name`, if any, at queries of class `when`, or the previous token."""
    _, far = _near_and_far(head)
    head.prefer({name: far}, when=when)


def _near_and_far(head: Circuit) -> tuple[float, float]:
    """Prefer the previous token; its bonus, and that of a key which is to stand above it."""
    near = 2 * MARGIN + RISE / CONTEXT  # the current token is one step up
    head.at_distance(1, near)
    head.prefer({"ramp": RISE, "first": near})
    return near, near + RISE + 2 * MARGIN


def only(build: Callable[[Circuit], None], head: Circuit, name: str) -> None:
    """A role at queries of a class alone; at all others the head rests on the first token."""
    build(head)
    head.prefer({"first": RISE + 2 * MARGIN}, unless=name)


_every, _last = 0.0, RISE
CARRIER = Role(
    "carrier",
    "the previous token, whose identity it writes for heads of later layers",
    (Rule("previous_token"),),
    partial(at_distance, distance=1),
)
ROLES = (
    Role(
        "previous_token",
        "the previous token",
        (Rule("previous_token"),),
        partial(at_distance, distance=1),
    ),
    Role("two_back", "the token two back", (Rule("offset(2)"),), partial(at_distance, distance=2)),
    Role(
        "three_back",
        "the token three back",
        (Rule("offset(3)"),),
        partial(at_distance, distance=3),
    ),
    Role(
        "current_token",
        "the current token itself",
        (Rule("current_token"),),
        partial(at_distance, distance=0),
    ),
    Role("first_token", "the first token", (Rule("first_token"),), _first_token),
    Role("everything", "all tokens evenly", (Rule("everything"),), _everything),
    Role(
        "last_same_token",
        "the last earlier occurrence of the current token",
        (Rule("last(same_token)"),),
        partial(_same_token, rise=_last),
    ),
    Role(
        "all_same_token",
        "all earlier occurrences of the current token",
        (Rule("all(same_token)"),),
        partial(_same_token, rise=_every),
    ),
    Role(
        "induction",
        "the tokens that followed earlier occurrences of the current token",
        (Rule("after(same_token, all)"),),
        partial(_induction, rise=_every),
        needs_carrier=True,
    ),
    Role(
        "last_induction",
        "the token that followed the last earlier occurrence of the current token",
        (Rule("after(same_token, last)"),),
        partial(_induction, rise=_last),
        needs_carrier=True,
    ),
    Role(
        "after_delimiter",
        "the token after the last delimiter",
        (Rule("after(delimiter, last)"),),
        partial(of_class, name="previous_delimiter", rise=_last),
        needs_carrier=True,
    ),
    Role(
        "last_newline",
        "the last line break",
        (Rule("last(newline)"),),
        partial(of_class, name="newline", rise=_last),
    ),
    Role(
        "last_opening",
        "the last opening bracket, closed since or not",
        (Rule("last(opening)"),),
        partial(of_class, name="opening", rise=_last),
    ),
    Role(
        "last_digit",
        "the last digit",
        (Rule("last(digit)"),),
        partial(of_class, name="digit", rise=_last),
    ),
    Role(
        "last_capitalised",
        "the last capitalised token",
        (Rule("last(capitalised)"),),
        partial(of_class, name="capitalised", rise=_last),
    ),
    Role(
        "all_punctuation",
        "all punctuation marks",
        (Rule("all(punctuation)"),),
        partial(of_class, name="punctuation", rise=_every),
    ),
    Role(
        "last_keyword",
        "the last keyword of Python that follows a space",
        (Rule("last(keyword)"),),
        partial(of_class, name="keyword", rise=_last),
        exact=False,
    ),
    Role(
        "previous_or_newline",
        "the previous token when the current one is a delimiter, otherwise the last line break",
        (Rule("previous_token", "delimiter"), Rule("last(newline)")),
        partial(_previous_else_last, name="newline", when="delimiter"),
    ),
    Role(
        "newline_or_previous",
        "the last line break, if any, when the current token is a delimiter, otherwise the previous"
        " token",
        (Rule("last(newline)", "delimiter"), Rule("previous_token")),
        partial(_last_else_previous, name="newline", when="delimiter"),
    ),
    Role(
        "newline_at_punctuation",
        "the last line break, only when the current token is punctuation",
        (Rule("last(newline)", "punctuation"),),
        partial(only, partial(of_class, name="newline", rise=_last), name="punctuation"),
    ),
    Role(
        "previous_at_capitalised",
        "the previous token, only when the current one is capitalised",
        (Rule("previous_token", "capitalised"),),
        partial(only, partial(at_distance, distance=1), name="capitalised"),
    ),
    Role(
        "induction_at_delimiter",
        "the tokens that followed earlier occurrences of the current token, only when it is a"
        " delimiter",
        (Rule("after(same_token, all)", "delimiter"),),
        partial(only, partial(_induction, rise=_every), name="delimiter"),
        needs_carrier=True,
    ),
)
