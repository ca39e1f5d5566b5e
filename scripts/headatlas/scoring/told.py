"""What is told of items under a head's own explanation and under others'."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from ..answers import place_of
from ..items import Item
from ..predictions import Prediction, Predictions
from ..records.judgement import Answer, Judgement

V = TypeVar("V")
Controls = Mapping[str, Sequence[Predictions]]  # of other heads, by kind (`measure.CONTROLS`)


def told_of(
    items: Sequence[Item],
    knows: Judgement | Predictions,
    controls: Controls,
    said: Callable[[Iterable[Answer], Iterable[Item]], Mapping[Item, V]],
    predicted: Callable[[Iterable[Prediction], Iterable[Item]], Mapping[Item, V]],
) -> tuple[Mapping[Item, V], dict[str, list[Mapping[Item, V]]]]:
    """What is told under the head's own explanation, and under others by kind of control.

    The answers of a language model include those under other heads' explanations; a program is
    held against the predictions of other heads.
    """
    if isinstance(knows, Predictions):
        rest = {
            kind: [predicted(other.windows, items) for other in others]
            for kind, others in controls.items()
        }
        return predicted(knows.windows, items), rest
    names = sorted({a.control for a in knows.answers if a.control})
    own, *others = (
        said([a for a in knows.answers if a.control == name], items) for name in (None, *names)
    )
    return own, {"": others}


def not_asked(items: Sequence[Item], knows: Judgement | Predictions) -> str | None:
    """Why nothing is told of any of the items: who knows the explanation was not asked."""
    if knows.reason:
        return knows.reason
    if isinstance(knows, Predictions):
        asked = {window.window for window in knows.windows}
        return None if any(item.window in asked for item in items) else "nothing is predicted here"
    places = {place_of(answer) for answer in knows.answers}
    if any(item.place in places for item in items):
        return None
    return "the judge was not asked this on this split"
