"""The comparison as a folder: reads the runs of a sweep, writes its tables and pages."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ..records.comparison import (
    AGREEMENT,
    CLAIM_AGREEMENT,
    CLAIM_SHARES,
    COUNTERPARTS,
    DIFFERENCES,
    GENERALISATION,
    HOLDING,
    QUALITY,
    RUNS,
    UNIVERSALITY,
    SharedFamilies,
)
from ..records.ratings import RATING_SCORES
from ..reporting.elsewhere import Transfers, read_transfers
from ..reporting.environment import environment
from ..settings.clustering import Clustering
from ..storage import read_table, write_csv, write_record, write_rows, write_text
from . import pages
from .claims import agreement_rows as claim_agreement
from .claims import read_claims, share_rows
from .counterparts import Matches, counterpart_rows, read_matches
from .generalisation import generalisation_rows, holding_rows
from .quality import difference_rows, quality_rows
from .shared_families import shared_clusters
from .sweep import Sweep, read_sweep, run_rows
from .tables import Tables
from .universality import agreement_rows, universality_rows
from .wording import placed, shuffled

OPTIONAL = ("holding.html",)  # written only where there is something to say


class Inputs(NamedTuple):
    """What the runs left; `matches` and `transfers` may be none.

    `claims` are what heads write in text, those of twins with random weights among them; `rated`
    what people say of explanations, of the runs that they rated.
    """

    models: Sequence[Path]
    atlases: Sequence[Path]
    matches: Sequence[Path]
    transfers: Sequence[Path]
    claims: Sequence[Path] = ()
    rated: Sequence[Path] = ()


class Sampling(NamedTuple):
    """Resamples behind each interval, and the seed of all that is drawn."""

    resamples: int
    seed: int


def build(
    inputs: Inputs,
    clusterings: Mapping[str, Clustering],
    sampling: Sampling,
    out: Path,
    *,
    title: str,
    templates: Path,
) -> None:
    """Write the comparison of a sweep into `out`, the index last.

    `clusterings` say by name how explanations are compared, and heads of several models grouped.
    Raises InputError if a file is not of its schema.
    """
    sweep = read_sweep(inputs.models, inputs.atlases)
    matches, transfers = read_matches(inputs.matches), read_transfers(inputs.transfers)
    claims = read_claims(inputs.claims)
    tables = Tables(
        runs=run_rows(sweep),
        quality=quality_rows(sweep, *sampling),
        differences=difference_rows(sweep, *sampling),
        holding=list(holding_rows(sweep, transfers)),
        claims=list(share_rows(sweep, claims)),
        claim_agreement=list(claim_agreement(claims, matches, *sampling)),
        ratings=[r for path in inputs.rated for r in read_table(path, RATING_SCORES).to_pylist()],
    )
    for name, clustering in clusterings.items():
        _compare_explanations(tables, sweep, name, clustering, matches, transfers, sampling)
    _write(tables, out)
    env = environment(templates)
    if tables.holding:
        write_text(out / "holding.html", pages.holding(env, title, tables))
    write_text(out / "report.md", pages.report(env, title, sweep, tables))
    write_text(out / "index.html", pages.index(env, title, sweep, tables))


def _compare_explanations(
    tables: Tables,
    sweep: Sweep,
    name: str,
    clustering: Clustering,
    matches: Matches,
    transfers: Transfers,
    sampling: Sampling,
) -> None:
    """Add what depends on the likeness of explanations."""
    groups = [sweep.within(e, c) for e in sweep.explainers for c in sweep.corpora]
    explained = [[*study.with_explanation.values()] for study in sweep.studies]
    versions = {
        tuple(study.names.values()): shuffled(explanations, sampling.seed)
        for study, explanations in zip(sweep.studies, explained, strict=True)
    }
    shuffles = [version for several in versions.values() for version in several]
    points = placed([e for group in (*explained, *shuffles) for e in group], clustering)
    for group in groups:
        rows = counterpart_rows(group, name, matches, points)
        tables.counterparts += rows
        tables.agreement += agreement_rows(rows, *sampling)
        chance = {study.model: versions[tuple(study.names.values())] for study in group}
        if len(group) > 1:
            tables.universality += universality_rows(group, name, rows, points, chance)
            tables.families.append(shared_clusters(group, name, points, clustering))
    tables.generalisation += generalisation_rows(sweep, name, transfers, points, *sampling)


def _write(tables: Tables, out: Path) -> None:
    for name, rows, schema in (
        ("runs", tables.runs, RUNS),
        ("quality", tables.quality, QUALITY),
        ("differences", tables.differences, DIFFERENCES),
        ("universality", tables.universality, UNIVERSALITY),
        ("agreement", tables.agreement, AGREEMENT),
        ("generalisation", tables.generalisation, GENERALISATION),
        ("holding", tables.holding, HOLDING),
        ("claims", tables.claims, CLAIM_SHARES),
        ("claim_agreement", tables.claim_agreement, CLAIM_AGREEMENT),
        ("ratings", tables.ratings, RATING_SCORES),
    ):
        write_csv(out / f"{name}.csv", rows, schema)
    write_rows(out / "counterparts.parquet", tables.counterparts, COUNTERPARTS)
    write_record(out / "families.json", SharedFamilies(groups=tables.families))
