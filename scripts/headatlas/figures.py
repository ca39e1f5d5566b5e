"""Figures as they are printed: in sentences, in pages and in reports alike."""

NOTHING = "–"


def number(value: float | None) -> str:
    """Two decimals, none from 100 on; a dash where there is no value."""
    if value is None:
        return NOTHING
    text = f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"
    return "0.00" if text == "-0.00" else text.replace("-", "−")


def interval(low: float | None, high: float | None) -> str:
    """An interval in square brackets; empty where an end is missing."""
    return "" if low is None or high is None else f"[{number(low)}, {number(high)}]"
