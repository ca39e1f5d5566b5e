"""Shares, prices and settings as they are printed, in pages and in the report alike."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from headatlas.figures import NOTHING


def tick(value: float) -> str:
    """A round number on an axis, without trailing zeros."""
    return f"{value:g}".replace("-", "−")


def effect(row: Mapping[str, Any] | None) -> str:
    """A row of `records.effects.EFFECTS`: three decimals and the interval; a dash without value."""
    if row is None or row["value"] is None:
        return NOTHING
    text = f"{row['value']:.3f}"
    if row["low"] is not None:
        text += f" [{row['low']:.3f}, {row['high']:.3f}]"
    return text.replace("-", "−")


def percent(value: float | None) -> str:
    """A share as whole per cent, with one decimal below 10 %."""
    if value is None:
        return NOTHING
    text = f"{100 * value:.1f} %" if abs(value) < 0.1 else f"{100 * value:.0f} %"
    return text.replace("-", "−")


def probability(value: float) -> str:
    """Two significant digits; a bound where it is small."""
    return f"{value:.2g}" if value >= 0.001 else "< 0.001"


def dollars(value: float | None) -> str:
    """A price, to the cent from one dollar on and to two digits below; a dash if not known."""
    if value is None:
        return NOTHING
    return (
        f"${value:,.2f}"
        if value >= 1 or value == 0
        else f"${float(f'{value:.2g}'):.10f}".rstrip("0")
    )


def readable(key: str) -> str:
    """A name in words: `documents_too_short` is `documents too short`."""
    return key.replace("_", " ")


def settings(configuration: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Full key and value of every setting, by section and key; text as it is, the rest as YAML."""
    for key, value in sorted(configuration.items()):
        if isinstance(value, Mapping):
            yield from settings(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value if isinstance(value, str) else json.dumps(value)
