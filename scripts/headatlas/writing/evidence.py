"""What a language model is shown of what heads write: what train text alone tells."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from ..records.direct import OBJECTS

SHOWN = 8  # queries of a head, at most


def evidence_rows(rows: pl.DataFrame, pieces: Mapping[int, str]) -> Iterator[dict[str, Any]]:
    """Rows of `records.write_evidence.WRITE_EVIDENCE`: `rows` are a head's own of `DIRECT`.

    Those are the train queries at which it changes the logits most, one of a window. Where what
    it adds is no number there is nothing to show.
    """
    own = rows.filter(
        pl.col("split") == "train",
        pl.col("kind") == "active",
        pl.col("spread").is_finite() & (pl.col("spread") > 0),
    )
    kept = ["layer", "head", "window", "query", "key", "share", *[f"{n}_above" for n in OBJECTS]]
    ranked = own.sort(["spread", "window"], descending=[True, False])
    most = ranked.unique("window", keep="first", maintain_order=True)[:SHOWN]
    for row in most.to_dicts():
        tokens = {name: [pieces.get(t, "") for t in row[name]] for name in ("raised", "lowered")}
        yield {name: row[name] for name in kept} | tokens
