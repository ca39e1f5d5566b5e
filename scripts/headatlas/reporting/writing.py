"""What heads write, from the weights: each figure beside the other heads' and random weights'."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from headatlas.records.base import head_name
from headatlas.records.writing import LayerWriting, RelationPairs, RelationShare, StrongSource
from headatlas.storage import read_record

from .heads import AtlasError
from .tables import Row, text_cell

SOURCES_SHOWN = 3
Key = tuple[str, str]  # a relation, and whether its targets are raised or lowered


class Beside(NamedTuple):
    """What is found of a relation on other heads: `twin` on those with random weights, if any."""

    median: float
    largest: float
    twin_median: float | None
    twin_largest: float | None


class Relation(NamedTuple):
    """A relation on one head."""

    share: RelationShare
    pairs: int
    beside: Beside

    @property
    def told(self) -> bool:
        """Whether it is clearly above chance, and worth a sentence.

        Chance is the same share with the targets of other pairs, and the largest of the heads
        with random weights.
        """
        return self.share.above(self.beside.twin_largest or 0.0)


class HeadWrites(NamedTuple):
    """What is told of a head; `relations` are all that were asked."""

    copying: float | None
    relations: list[Relation]
    sources: list[StrongSource]
    first_mlp: bool

    @property
    def told(self) -> list[Relation]:
        """Relations that are told of it, those of the largest share first."""
        found = (relation for relation in self.relations if relation.told)
        return sorted(found, key=lambda relation: -relation.share.share)


class Written(NamedTuple):
    """What is told of a model: `heads` by name, and why nothing is told of some layers.

    `copying` are the scores of all heads, `twin` those of heads with random weights; both in
    ascending order.
    """

    top: int
    relations: list[RelationPairs]
    heads: dict[str, HeadWrites]
    reasons: dict[int, str]
    copying: list[float]
    twin: list[float]

    @property
    def holders(self) -> list[tuple[Key, list[tuple[str, Relation]]]]:
        """The heads of which each relation is told, the largest share first."""
        found: dict[Key, list[tuple[str, Relation]]] = {}
        for name, head in self.heads.items():
            for relation in head.told:
                found.setdefault(_key(relation.share), []).append((name, relation))
        ranked = {
            key: sorted(heads, key=lambda held: -held[1].share.share)
            for key, heads in found.items()
        }
        return sorted(ranked.items(), key=lambda item: -len(item[1]))


def read_layers(folders: Iterable[Path]) -> list[LayerWriting]:
    """The layers of some folders that `read_weights` wrote, in order."""
    paths = (path for folder in folders for path in folder.glob("layer*.json"))
    found = [read_record(path, LayerWriting) for path in paths]
    return sorted(found, key=lambda layer: layer.layer)


def written(
    layers: Sequence[LayerWriting], random_layers: Sequence[LayerWriting], model: str
) -> Written | None:
    """All that is told of a model and its twin with random weights; None without a layer.

    Raises AtlasError if a layer is of another model.
    """
    if not layers:
        return None
    if wrong := next((layer for layer in layers if layer.model != model), None):
        raise AtlasError(f"weights: model is {wrong.model!r}, this atlas is of {model!r}")
    shares, twin = _shares(layers), _shares(random_layers)
    beside = {key: _beside(values, twin.get(key, [])) for key, values in shares.items()}
    pairs = {relation.name: relation.pairs for relation in layers[0].relations}
    heads = {
        head_name(layer.layer, head.head): HeadWrites(
            head.copying,
            [Relation(s, pairs[s.relation], beside[_key(s)]) for s in head.relations],
            head.sources[:SOURCES_SHOWN],
            layer.first_mlp,
        )
        for layer in layers
        for head in layer.heads
    }
    return Written(
        layers[0].top,
        layers[0].relations,
        heads,
        {layer.layer: layer.reason for layer in layers if layer.reason},
        _copying(layers),
        _copying(random_layers),
    )


def _key(share: RelationShare) -> Key:
    return share.relation, share.effect


def _shares(layers: Iterable[LayerWriting]) -> dict[Key, list[float]]:
    found: dict[Key, list[float]] = {}
    for layer in layers:
        for head in layer.heads:
            for share in head.relations:
                found.setdefault(_key(share), []).append(share.share)
    return found


def _beside(values: Sequence[float], twin: Sequence[float]) -> Beside:
    middle, largest = (median(twin), max(twin)) if twin else (None, None)
    return Beside(median(values), max(values), middle, largest)


def _copying(layers: Iterable[LayerWriting]) -> list[float]:
    return sorted(h.copying for layer in layers for h in layer.heads if h.copying is not None)


def relation_rows(found: Written, names: Iterable[str]) -> Iterator[Row]:
    """Rows of `relations.csv`: each relation on each of the heads named."""
    for name in names:
        head = found.heads.get(name)
        for relation in head.relations if head else []:
            share, beside = relation.share, relation.beside
            yield {
                "layer": int(name[1 : name.index("H")]),
                "head": int(name[name.index("H") + 1 :]),
                "name": name,
                "relation": text_cell(share.relation),
                "effect": share.effect,
                "found": share.found,
                "pairs": relation.pairs,
                "share": share.share,
                "low": share.low,
                "high": share.high,
                "other_pairs": share.shuffled,
                "median_of_heads": beside.median,
                "largest_of_heads": beside.largest,
                "median_of_random_weights": beside.twin_median,
                "largest_of_random_weights": beside.twin_largest,
                "told": relation.told,
            }


def copying_of(found: Written | None, name: str) -> Mapping[str, float | None]:
    """The column of `summary.csv` of a head's copying score, if there is one at all."""
    if found is None:
        return {}
    head = found.heads.get(name)
    return {"copying_of_weights": head.copying if head else None}
