"""The heads that were drawn for a study, as its table has them. No import here is heavy."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..csv_tables import TableError, table_rows
from .queries import heads_of, layers_of

COLUMNS = ("model", "layer", "head", "family")
Head = tuple[int, int]


class SampleError(TableError):
    """The table cannot be used."""


def read_sample(path: Path) -> dict[str, list[Head]]:
    """The heads of each model, in order. Raises SampleError."""
    found: dict[str, list[Head]] = {}
    for line, (model, layer, head, _) in table_rows(path, COLUMNS, SampleError):
        if not (layer.isdecimal() and head.isdecimal()):
            raise SampleError(path, f"line {line}: no layer and head", "numbers from 0")
        found.setdefault(model, []).append((int(layer), int(head)))
    return {model: sorted(heads) for model, heads in found.items()}


def has_families(path: Path) -> bool:
    """Whether the heads were drawn by family. Raises SampleError."""
    return any(family for _, (*_, family) in table_rows(path, COLUMNS, SampleError))


def drawn_from(
    config: Mapping[str, Any], models: Iterable[str], wanted: int | str
) -> dict[str, int]:
    """How many heads are selected of each model that has more than are `wanted`, or `all`."""
    if isinstance(wanted, str):
        return {}
    selected = {m: sum(len(heads_of(config, m, n)) for n in layers_of(config, m)) for m in models}
    return {model: count for model, count in selected.items() if wanted < count}


def mark_of(sample: Mapping[str, Sequence[Head]]) -> str:
    """What the names of explainers end in that explain these heads alone: the same for the same."""
    text = repr(sorted((model, sorted(heads)) for model, heads in sample.items()))
    count = max(map(len, sample.values()), default=0)
    return f"heads={count}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"
