"""A finished atlas: its tables as polars frames, its explanations, and its model."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from ..errors import InputError
from ..head_text import head_terms
from ..names import parse_head
from ..records.atlas import SCORES, VERDICTS, PublishedExplanation, RunRecord
from ..records.base import head_name
from ..records.clusters import Cluster, Clusters
from ..records.effects import EFFECTS
from ..records.explanation import Behaviour
from ..records.family_effects import FAMILY_EFFECTS
from ..records.model import ModelInfo
from ..storage import read_record, read_records, read_table
from .places import RECORD, finished_atlases, one_atlas
from .search import Entry, search

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

    from .hooks import Hooks

_NESTED = {"levels", "also"}  # of a behaviour: lists, which stay in `Atlas.head`
# Of CSV tables: text, whatever the cells look like.
_TEXTS = (
    *("name", "status", "reason", "family", "cluster_label", "twins", "title", "summary"),
    *("writes", "depends", "stated"),
)


def open_atlas(path: str | Path) -> "Atlas":
    """The finished atlas in a folder, or the only one below it.

    The folder is an atlas, that of a run in `results/`, or one above it. Raises InputError if
    it holds no finished atlas, or several.
    """
    return Atlas(one_atlas(Path(path)))


def open_atlases(path: str | Path) -> "list[Atlas]":
    """All finished atlases in a folder such as `results`, in order of name.

    Raises InputError if there is none.
    """
    return [Atlas(folder) for folder in finished_atlases(Path(path))]


def chosen_atlases(path: Path, run: str | None) -> "list[Atlas]":
    """Those of `open_atlases` whose run's name begins with `run`, or all.

    Raises InputError likewise, or if there is none.
    """
    atlases = open_atlases(path)
    chosen = [atlas for atlas in atlases if run is None or atlas.run.startswith(run)]
    if not chosen:
        runs = ", ".join(atlas.run for atlas in atlases)
        raise InputError(f"run {run}: no finished run in {path} begins so; there are {runs}")
    return chosen


def once_each(atlases: "Sequence[Atlas]") -> "list[Atlas]":
    """One atlas of each run: clusterings differ in no event, explanation or score."""
    return [*{atlas.run.rpartition("/")[0]: atlas for atlas in atlases}.values()]


class Atlas:
    """A finished atlas. Its tables are read when they are asked for, and raise InputError if
    they are not there, damaged, or of another version."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.record = read_record(folder / RECORD, RunRecord)

    def __repr__(self) -> str:
        return f"<atlas of {self.run}, {len(self._explained)} heads>"

    @property
    def run(self) -> str:
        """What it is of: model/corpus/explainer/clustering."""
        of = self.record
        return "/".join((of.model, of.corpus, of.explainer, of.clustering))

    @cached_property
    def heads(self) -> pl.DataFrame:
        """A row for each head: explanation, family, twins, scores beside controls, metrics."""
        return self._csv("summary.csv", dict.fromkeys(_TEXTS, pl.String))

    @cached_property
    def scores(self) -> pl.DataFrame:
        """A row for each score of each head, with its interval, or the reason why there is none."""
        return _frame(read_table(self.folder / "scores.parquet", SCORES))

    @cached_property
    def verdicts(self) -> pl.DataFrame:
        """A row for each head: whether it counts as explained, why not, and what decided."""
        return _frame(read_table(self.folder / "verdicts.parquet", VERDICTS))

    @cached_property
    def explanations(self) -> pl.DataFrame:
        """A row for each behaviour of each head, in the order in which they are told."""
        rows = [
            {"layer": layer, "head": head, "name": head_name(layer, head), "behaviour": number}
            | behaviour.model_dump(exclude=_NESTED)
            for (layer, head), explanation in self._explained.items()
            for number, behaviour in enumerate(explanation.behaviours)
        ]
        kept = [name for name in Behaviour.model_fields if name not in _NESTED]
        columns = ["layer", "head", "name", "behaviour", *kept]
        return pl.DataFrame(rows, schema=columns, infer_schema_length=None)

    @cached_property
    def families(self) -> pl.DataFrame:
        """A row for each family: of those by words, those by weights, or both (column `of`)."""
        found = read_record(self.folder / "clusters.json", Clusters)
        groupings = [(found.of, found.clusters)]
        if found.other:
            groupings.append((found.other.of, found.other.clusters))
        rows = [{"of": of} | c.model_dump() for of, clusters in groupings for c in clusters]
        columns = ["of", *Cluster.model_fields]
        return pl.DataFrame(rows, schema=columns, infer_schema_length=None)

    @cached_property
    def claims(self) -> pl.DataFrame:
        """A row for each claim on what a head writes in text, and whether it holds."""
        return self._csv("write_claims.csv", {"name": pl.String, "holds": pl.Boolean})

    @cached_property
    def effects(self) -> pl.DataFrame:
        """What the model loses without each head, in nats: a row for each figure."""
        return self._csv("effects.csv", dict(_frame(EFFECTS.empty_table()).schema))

    @cached_property
    def family_effects(self) -> pl.DataFrame:
        """Likewise without all heads of each family of `families`, beside as many random heads."""
        return self._csv("family_effects.csv", dict(_frame(FAMILY_EFFECTS.empty_table()).schema))

    def head(self, layer: int | str, head: int | None = None) -> PublishedExplanation:
        """The explanation of a head, and what else is said of it.

        Both `atlas.head(17, 3)` and `atlas.head("L17H03")` will do.
        Raises InputError if the atlas has no such head.
        """
        return self._explained[self.place_of(layer if head is None else (int(layer), head))]

    def place_of(self, head: str | int | tuple[int, int]) -> tuple[int, int]:
        """Layer and number of a head given by its name, or so. Raises InputError likewise."""
        try:
            place = head if isinstance(head, tuple) else parse_head(str(head))
        except ValueError as error:
            raise InputError(f"{error}; the atlas of {self.run} has {self._some}") from None
        if place not in self._explained:
            raise InputError(
                f"{head_name(*place)}: not in the atlas of {self.run}, which has {self._some}"
            )
        return place

    def page(self, head: str | tuple[int, int]) -> Path:
        """The page of a head."""
        return self.folder / "heads" / f"{head_name(*self.place_of(head))}.html"

    def find(self, words: str, *, by: str = "text", limit: int = 10) -> pl.DataFrame:
        """The heads that fit the words best: see `search.search`."""
        return search(self.entries, words, by=by, limit=limit)

    @cached_property
    def entries(self) -> list[Entry]:
        """Its heads as a search finds them."""
        return [
            Entry(
                self.run,
                row["name"],
                self.head(row["name"]),
                head_terms(row, self.head(row["name"])),
                self.page(row["name"]),
            )
            for row in self.heads.to_dicts()
        ]

    @property
    def model_info(self) -> ModelInfo:
        """What is known of the model. Raises InputError if the atlas is no longer in `results/`."""
        return read_record(self._above(3) / "model.json", ModelInfo)

    def load_model(self, device: str = "cpu") -> "TransformerBridge":
        """The model as it was explained, with its hooks. Raises InputError likewise."""
        from ..subjects.loading import load_recorded

        info, workplace = self.model_info, self._above(5)
        if (local := workplace / info.source).exists():  # paths start where the workflow ran
            info = info.model_copy(update={"source": str(local)})
        return load_recorded(info, device=device, devices=1)

    def hooks(self, bridge: "TransformerBridge") -> "Hooks":
        """What ablates, scales or substitutes heads of the atlas in passes of the model."""
        from .hooks import Hooks

        return Hooks(bridge, self, self._above(2) / "windows.parquet")

    def _above(self, levels: int) -> Path:
        """results/model/corpus/explainer/atlas/clustering: so many levels above the last."""
        return self.folder.absolute().parents[levels]

    @cached_property
    def _explained(self) -> dict[tuple[int, int], PublishedExplanation]:
        records = read_records(self.folder / "explanations.jsonl", PublishedExplanation)
        return {(record.layer, record.head): record for record in records}

    @property
    def _some(self) -> str:
        names = [head_name(*place) for place in self._explained]
        return f"{names[0]} to {names[-1]}" if names else "no heads"

    def _csv(self, name: str, kinds: dict[str, Any]) -> pl.DataFrame:
        path = self.folder / name
        try:
            with path.open() as file:
                known = file.readline().strip().split(",")
            own = {column: kind for column, kind in kinds.items() if column in known}
            return pl.read_csv(path, schema_overrides=own, infer_schema_length=None)
        except FileNotFoundError:
            raise InputError(f"{path}: not there: this run measured no such thing") from None
        except (OSError, UnicodeDecodeError, pl.exceptions.PolarsError) as error:
            raise InputError(f"{path}: cannot be read ({str(error).splitlines()[0]})") from None


def find_heads(
    atlases: Sequence[Atlas], words: str, *, by: str = "text", limit: int = 10
) -> pl.DataFrame:
    """The heads of several atlases that fit the words best: see `search.search`."""
    return search([e for atlas in atlases for e in atlas.entries], words, by=by, limit=limit)


def _frame(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame
