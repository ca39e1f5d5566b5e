"""What a language model is shown of what heads write: train text alone, the strongest first."""

import math
from typing import Any

import polars as pl

from headatlas.writing.evidence import SHOWN, evidence_rows


def row(split: str, kind: str, window: int, spread: float) -> dict[str, Any]:
    found: dict[str, Any] = {"layer": 1, "head": 2, "split": split, "kind": kind, "window": window}
    found |= {"query": 5, "key": 3, "share": 0.5, "spread": spread}
    found |= {f"{name}_above": 0.25 for name in ("attended", "after_attended", "current")}
    return found | {"raised": [1, 2], "lowered": [7]}


def test_train_queries_where_the_head_is_active_are_shown() -> None:
    rows = [row("train", "active", n, float(n)) for n in range(SHOWN + 3)]
    rows += [row("train", "random", 50, 99.0), row("validation", "active", 51, 99.0)]
    rows += [row("test", "active", 52, 99.0)]
    found = list(evidence_rows(pl.DataFrame(rows), {1: " one", 2: "\n"}))
    assert [shown["window"] for shown in found] == [*range(SHOWN + 2, 2, -1)]
    assert found[0]["raised"] == [" one", "\n"] and found[0]["lowered"] == [""]
    assert {"layer", "head", "query", "key", "share", "current_above"} <= found[0].keys()


def test_of_a_window_the_strongest_query_alone_is_shown() -> None:
    rows = [row("train", "active", n // 4, float(n)) for n in range(12)]
    found = evidence_rows(pl.DataFrame([r | {"query": n} for n, r in enumerate(rows)]), {})
    assert [(shown["window"], shown["query"]) for shown in found] == [(2, 11), (1, 7), (0, 3)]


def test_a_head_that_adds_nothing_has_no_evidence() -> None:
    assert not list(evidence_rows(pl.DataFrame([row("train", "active", 0, 0.0)]), {}))


def test_what_is_no_number_is_not_shown() -> None:
    spreads = [math.nan, 1.0, math.inf]
    rows = [row("train", "active", n, spread) for n, spread in enumerate(spreads)]
    assert [shown["window"] for shown in evidence_rows(pl.DataFrame(rows), {})] == [1]
