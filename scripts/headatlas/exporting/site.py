"""Atlases of several models as one web site with a front page, for any server or none."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import jinja2

from ..ranking import index_of
from ..reading.atlas import Atlas
from ..reporting.environment import script
from ..reporting.searching import index_script
from ..storage import write_text
from ..visible import visible

LEFT_OUT = "raw_events.parquet"  # as large as all pages, and on them; the data set may have it
COMPARISON = "comparison"


class Run(NamedTuple):
    """A run as the front page shows it. `place` is that of its atlas in the site."""

    atlas: Atlas
    place: str
    statuses: dict[str, int]
    families: int

    @property
    def explained(self) -> int:
        """Heads that count as explained."""
        return self.statuses.get("explained", 0)


def write_site(
    atlases: Sequence[Atlas], comparison: Path | None, folder: Path, env: jinja2.Environment
) -> None:
    """Copy the atlases, and the comparison of their runs if there is one, and write a front page.

    Places are those of `results/`, so that links between pages hold.
    """
    runs = [_run(atlas) for atlas in atlases]
    ignored = shutil.ignore_patterns(LEFT_OUT, ".*")
    for run in runs:
        shutil.copytree(run.atlas.folder, folder / run.place, ignore=ignored)
    if comparison:
        shutil.copytree(comparison, folder / COMPARISON, ignore=ignored)
    write_text(folder / "search.js", _search_script(runs))
    page = env.get_template("site.html").render(
        **script(env, "site.js"),
        loads=True,
        runs=runs,
        models=list(dict.fromkeys(run.atlas.record.model for run in runs)),
        comparison=f"{COMPARISON}/index.html" if comparison else None,
    )
    write_text(folder / "index.html", page)


def _run(atlas: Atlas) -> Run:
    record = atlas.record
    place = f"{record.model}/{record.corpus}/{record.explainer}/atlas/{record.clustering}"
    statuses = dict(atlas.heads["status"].value_counts().iter_rows())
    families = atlas.families
    count = len(families.filter(families["of"] == families["of"].first())) if len(families) else 0
    return Run(atlas, place, statuses, count)


def _search_script(runs: Sequence[Run]) -> str:
    """The index over the heads of all runs, and of each what a result shows, and where it leads."""
    heads, terms = [], []
    for run in runs:
        for entry in run.atlas.entries:
            page = f"{run.place}/heads/{entry.head}.html"
            heads.append([run.atlas.run, entry.head, visible(entry.explanation.title), page])
            terms.append(entry.terms)
    index = index_script(index_of(terms))
    return f"{index}globalThis.headAtlasHeads = {json.dumps(heads, separators=(',', ':'))};\n"
