"""When an explanation counts as one: the criterion, in one place."""

MARGIN = "attention_margin"  # the score that decides, on test documents

# Zero would not do: the explanations of a model's heads before training are nearly the same,
# and the bootstrap resolves margins of a hundred-thousandth between them.
LEAST = 0.01


def above_control(margin: float | None, low: float | None) -> bool | None:
    """Whether a margin over the control is clearly there: its 95 % interval lies above LEAST.

    The value itself is looked at where there is no interval (a single window); None where
    there is no margin, for nothing was compared.
    """
    if margin is None:
        return None
    return (margin if low is None else low) > LEAST
