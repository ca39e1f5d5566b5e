"""When an explanation counts as one: the criterion, in one place."""

from collections.abc import Callable

# The scores that decide, on test documents: what a program predicts of attention, or else, for
# an explanation in words, what a judge that knows it tells of either question.
MARGINS = (("attention_margin",), ("pair_detection_margin", "detection_margin"))

# Zero would not do: the explanations of a model's heads before training are nearly the same,
# and the bootstrap resolves margins of a hundred-thousandth between them.
LEAST = 0.01

Bound = tuple[float | None, float | None]  # a margin and the lower end of its 95 % interval


def deciding(margin: Callable[[str], Bound]) -> list[str]:
    """The names of the margins that decide: the first of MARGINS of which there is a value."""
    for names in MARGINS:
        if found := [name for name in names if margin(name)[0] is not None]:
            return found
    return []


def better_than_control(margin: Callable[[str], Bound]) -> bool | None:
    """Whether one of the margins that decide is clearly there; None where nothing was compared."""
    found = [above_control(*margin(name)) for name in deciding(margin)]
    return any(found) if found else None


def above_control(margin: float | None, low: float | None) -> bool | None:
    """Whether a margin over the control is clearly there: its 95 % interval lies above LEAST.

    The value itself is looked at where there is no interval (a single window); None where
    there is no margin, for nothing was compared.
    """
    if margin is None:
        return None
    return (margin if low is None else low) > LEAST
