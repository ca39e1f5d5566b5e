"""The tables of several atlases as one, each row with what is said of its head, and its scores."""

from collections.abc import Sequence

import polars as pl

from ..errors import InputError
from ..measures import MEASURES
from ..reading.atlas import Atlas

RUN = ("model", "corpus", "explainer", "clustering", "round")
SAID = ("name", "status", "family", "title")
# Tables beside that of the heads, and whether a run may lack them.
TABLES = {
    "explanations": False,
    "scores": False,
    "verdicts": False,
    "claims": True,
    "effects": True,
}


def heads_table(atlases: Sequence[Atlas]) -> pl.DataFrame:
    """A row for each head of each run: what is said of it, its family, its scores, its metrics."""
    return _joined([named(atlas, atlas.heads) for atlas in atlases])


def table_of(atlases: Sequence[Atlas], name: str) -> pl.DataFrame:
    """One of TABLES; each row has its run, and the labels of its head."""
    found = []
    for atlas in atlases:
        try:
            own: pl.DataFrame = getattr(atlas, name)
        except InputError:
            if not TABLES[name]:
                raise
            continue
        if not own.is_empty():
            found.append(labelled(atlas, own))
    return _joined(found) if found else pl.DataFrame()


def families_table(atlases: Sequence[Atlas]) -> pl.DataFrame:
    """A row for each family of each run."""
    return _joined([named(atlas, atlas.families) for atlas in atlases])


def labelled(atlas: Atlas, table: pl.DataFrame) -> pl.DataFrame:
    """A table of an atlas with its run, and with `labels` of the heads that it has not already."""
    at = ["layer", "head"]
    new = labels(atlas).with_columns(pl.col(name).cast(table.schema[name]) for name in at)
    new = new.select(*at, *(name for name in new.columns if name not in table.columns))
    return named(atlas, table.join(new, on=at, how="left", maintain_order="left"))


def labels(atlas: Atlas) -> pl.DataFrame:
    """Of each head: name, status, family, title, and the scores of its explanation.

    The columns are the same for all runs; of a measure that a run has not, they are empty.
    """
    scores = [
        pl.col(m.name) if m.name in atlas.heads.columns else pl.lit(None, pl.Float64).alias(m.name)
        for m in MEASURES
    ]
    return atlas.heads.select("layer", "head", *SAID, *(s.cast(pl.Float64) for s in scores))


def named(atlas: Atlas, table: pl.DataFrame) -> pl.DataFrame:
    """The table with the names of the run in front."""
    run = [pl.lit(getattr(atlas.record, name)).alias(name) for name in RUN]
    return table.select(*run, *(name for name in table.columns if name not in RUN))


def _joined(tables: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """One below the other; what a run did not measure is empty."""
    return pl.concat(tables, how="diagonal_relaxed")
