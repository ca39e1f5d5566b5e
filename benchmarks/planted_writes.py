"""Grade what is told of what heads write, and of what depends on them, where that is known.

Planted models whose heads write known things go through the functions that the workflow's scripts
call. A write claim is right if it is in the answer key, and counts if it holds on test documents.
Effects are held against those worked out from the weights by other means (`planted_known.py`).
"""

import argparse
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import torch
from planted_known import Known
from planted_stages import Variant, make_events, make_windows, models_folder
from transformer_lens.model_bridge import TransformerBridge

from headatlas.activations.ablating import ablate_layer
from headatlas.activations.attribution import estimates, mean_z
from headatlas.activations.direct import Query, direct_rows, queries_of
from headatlas.activations.some_windows import some_windows
from headatlas.corpora.python_docs import python_documents
from headatlas.dependence.rows import over_all
from headatlas.dependence.tables import ablated_heads
from headatlas.errors import reported
from headatlas.event_rows import random_windows
from headatlas.intervals import generator, resample_counts
from headatlas.records.base import SPLITS, head_name
from headatlas.records.direct import DIRECT
from headatlas.records.events import EVENTS
from headatlas.records.write_claims import HeadClaims
from headatlas.records.writing import LayerWriting
from headatlas.reporting.dependence import misleading
from headatlas.reporting.writing import written
from headatlas.settings.effects import Effects
from headatlas.settings.writing import Writing
from headatlas.statistics.proportion import wilson
from headatlas.statistics.spearman import spearman
from headatlas.storage import read_head, write_text
from headatlas.subjects.circuits import circuits_of, ends_of
from headatlas.subjects.loading import load_subject
from headatlas.subjects.planted.answer_key import PlantedWriter
from headatlas.subjects.planted.noise import STRENGTHS
from headatlas.subjects.planted.plan import HEADS
from headatlas.subjects.planted.residual import NOTES
from headatlas.subjects.planted.writers import LAYERS, Planted, plant_writers
from headatlas.tokens.tokenizer import open_tokenizer
from headatlas.tokens.vocabulary import ordinary_tokens, token_by_text
from headatlas.writing.analysis import asked, head_writing
from headatlas.writing.circuit import Circuit
from headatlas.writing.claims import claims_of
from headatlas.writing.relations import RELATIONS, read_relations

RESAMPLES = 1000
SAMPLED = 32  # windows of each split; the default of the workflow


class Found(NamedTuple):
    """What is told of one head, beside the truth."""

    noise: str
    truth: PlantedWriter
    claims: list[tuple[str, str]]
    "effects and objects that hold on test documents"
    relations: list[tuple[str, str]]
    "effects and relations that are told of its map"
    loss: float
    direct: float
    estimate: float
    known: tuple[float, float]
    "loss and direct effect, in nats a token"
    warned: bool

    @property
    def right(self) -> bool:
        """Whether a claim that is in the answer key holds."""
        return any(claim in self.truth.claims for claim in self.claims)

    @property
    def wrong(self) -> bool:
        """Whether a claim holds that is not in the answer key."""
        return any(claim not in self.truth.claims for claim in self.claims)


def study(variant: Variant) -> list[Found]:
    """Plant a model, tell what its heads write and what depends on them, and hold it against."""
    torch.set_num_threads(1)
    texts = [document.text for document in python_documents(held_out=False)]
    planted = plant_writers(variant.seed, variant.noise, texts, variant.model)
    bridge = load_subject(str(variant.model), None, dtype="float32", device="cpu")
    make_windows(variant, SAMPLED)
    make_events(bridge, variant)
    claims = claims_by_head(bridge, variant)
    relations = relations_by_head(bridge, variant)
    effects = effects_by_head(bridge, variant, planted)
    found = []
    for truth in planted.key.heads:
        name = head_name(truth.layer, truth.head)
        held = [(c.effect, c.object) for c in claims[name].claims if c.holds]
        own = effects[truth.layer, truth.head]
        found.append(Found(variant.noise, truth, held, relations[name], **own))
    return found


def claims_by_head(bridge: TransformerBridge, variant: Variant) -> dict[str, HeadClaims]:
    """As `measure_direct` and `claim_writes` have them."""
    queries: list[Query] = []
    windows: dict[int, list[int]] = {}
    for layer, head in np.ndindex(LAYERS, HEADS):
        events = read_head(variant.table("events", layer), EVENTS, head)
        for split in SPLITS:
            found = random_windows(events, split)
            windows |= {event.window: event.tokens.tolist() for event in found}
            queries += queries_of(layer, head, found, generator(0, "direct", split, layer, head))
    pieces = ordinary_tokens(open_tokenizer(str(variant.model)))
    rows = list(direct_rows(bridge, windows, queries, vocabulary=bridge.cfg.d_vocab, batch_size=16))
    frame = pl.DataFrame(rows, schema=pl.from_arrow(DIRECT.empty_table()).schema)  # type: ignore[union-attr]
    return {
        head_name(layer, head): claims_of(layer, head, own, pieces)
        for (layer, head), own in frame.group_by("layer", "head", maintain_order=True)
    }


def relations_by_head(
    bridge: TransformerBridge, variant: Variant
) -> dict[str, list[tuple[str, str]]]:
    """As `read_weights` and the pages have them."""
    tokenizer = open_tokenizer(str(variant.model))
    texts = ordinary_tokens(tokenizer)
    place = {token: n for n, token in enumerate(texts)}
    by_text = {text: place[n] for text, n in token_by_text(tokenizer).items()}
    questions = asked(read_relations(RELATIONS), {}, by_text)
    top, pieces = Writing().top, list(texts.values())
    ends = ends_of(bridge, torch.tensor(list(texts)), {False})
    layers = [
        LayerWriting(
            model=variant.name, layer=layer, reason=None, first_mlp=False, top=top,
            tokens=len(texts), relations=questions.about,
            heads=[
                head_writing(head, Circuit(*factors), questions.pairs, pieces, top)
                for head, factors in enumerate(
                    circuits_of(bridge, layer, ends, first_mlp=False)
                )
            ],
        )
        for layer in range(LAYERS)
    ]  # fmt: skip
    found = written(layers, [], variant.name)
    assert found is not None
    return {
        name: [(r.share.effect, r.share.relation) for r in head.told]
        for name, head in found.heads.items()
    }


def effects_by_head(
    bridge: TransformerBridge, variant: Variant, planted: Planted
) -> dict[tuple[int, int], dict[str, Any]]:
    """As `ablate_heads`, `attribute_heads` and the pages have them, beside what is known."""
    settings = Effects()
    tested = some_windows(variant.windows, "test", settings.test_windows, sampled=True)
    reference = some_windows(variant.windows, "train", settings.reference_windows, sampled=False)
    mean = mean_z(bridge, range(LAYERS), reference, 16)
    estimated = [found for _, found in estimates(bridge, mean, tested, 16)]
    known = Known(planted, tested.tokens.numpy())
    instead = Known(planted, reference.tokens.numpy()).z
    ablated = {
        at: by_kind["mean"]
        for layer in range(LAYERS)
        for at, by_kind in ablated_heads(_ablations(bridge, layer, variant, settings))
    }
    counts = resample_counts(generator(0, "effects"), RESAMPLES, settings.test_windows)
    rows = {}
    for at, found in ablated.items():
        figures = over_all(found, counts.astype(float))
        page = {("mean", name): value._asdict() for name, value in figures.items()}
        rows[at] = {
            "loss": figures["loss"].value,
            "direct": figures["direct"].value,
            "estimate": float(np.mean([window[at[0]][at[1]] for window in estimated])),
            "known": known.effect(at, instead[at].mean(0, keepdims=True)),
            "warned": misleading(page) is not None,
        }
    return rows


def _ablations(bridge: TransformerBridge, layer: int, variant: Variant, settings: Effects) -> Path:
    out = variant.table("ablations", layer)
    ablate_layer(
        bridge, layer, range(HEADS), variant.windows, out, limit=settings.test_windows,
        references=settings.reference_windows, zero=False, seed=0, batch_size=16,
    )  # fmt: skip
    return out


def report(found: list[Found]) -> str:
    """The tables, in Markdown: a column for each noise."""
    noises = list(dict.fromkeys(row.noise for row in found))
    claimed = [row for row in found if row.truth.claims]
    empty = [row for row in found if row.truth.noise]
    named = [row for row in found if not row.truth.noise]
    pairs = [row for row in found if row.truth.function in (f"{note}: first" for note in NOTES)]
    lines: list[tuple[str, Callable[[list[Found]], str], list[Found]]] = [
        ("right claims that hold", _share(lambda r: r.right), claimed),
        *[
            (f"of these: {name}", _share(lambda r: r.right),
             [row for row in claimed if row.truth.function == name])
            for name in dict.fromkeys(row.truth.function for row in claimed)
        ],
        ("false claims, heads that write noise", _share(lambda r: r.wrong), empty),
        ("false claims, other heads", _share(lambda r: r.wrong), named),
        ("planted relations told", _share(lambda r: r.truth.relation in r.relations),
         [row for row in found if row.truth.relation]),
        ("relations told of heads that write noise", _share(lambda r: bool(r.relations)), empty),
        ("ablation: largest error of the loss", _largest(lambda r: r.loss - r.known[0]), found),
        ("the same of the direct effect", _largest(lambda r: r.direct - r.known[1]), found),
        ("gradients: error, of the mean size of the loss", _relative, found),
        ("gradients: rank correlation with the known loss", _ranks, found),
        *[
            (f"warned of {note.removeprefix('note_')} writers", _share(lambda r: r.warned),
             [row for row in pairs if row.truth.function.startswith(note)])
            for note in NOTES
        ],
        ("warned of heads that no later one reads", _share(lambda r: r.warned),
         [row for row in found if row not in pairs]),
    ]  # fmt: skip
    table = [("", *noises), ("---",) * (1 + len(noises))]
    for words, tell, rows in lines:
        table.append((words, *(tell([r for r in rows if r.noise == noise]) for noise in noises)))
    return "\n".join(f"| {' | '.join(line)} |" for line in table) + "\n"


def _share(holds: Callable[[Found], bool]) -> Callable[[list[Found]], str]:
    def tell(rows: list[Found]) -> str:
        hits = sum(map(holds, rows))
        low, high = wilson(hits, len(rows))
        return f"{hits} of {len(rows)}, {hits / len(rows):.3f} [{low:.3f}, {high:.3f}]"

    return tell


def _largest(error: Callable[[Found], float]) -> Callable[[list[Found]], str]:
    return lambda rows: f"{max(abs(error(row)) for row in rows):.1e} nats"


def _relative(rows: list[Found]) -> str:
    errors = np.mean([abs(row.estimate - row.known[0]) for row in rows])
    return f"{errors / np.mean([abs(row.known[0]) for row in rows]):.2f}"


def _ranks(rows: list[Found]) -> str:
    values = np.array([[(row.estimate, row.known[0]) for row in rows]])
    return f"{spearman(values)[0]:.3f}"


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=5, help="models of each noise strength")
    parser.add_argument(
        "--noise", nargs="+", default=list(STRENGTHS), choices=list(STRENGTHS), help="strengths"
    )
    parser.add_argument("--jobs", type=int, default=2, help="models at once")
    parser.add_argument("--work", type=Path, required=True, help="folder of all files")
    args = parser.parse_args()
    variants = [
        Variant(seed, noise, args.work, "none", kind="writers", layers=LAYERS)
        for noise in args.noise
        for seed in range(args.seeds)
    ]
    with ProcessPoolExecutor(args.jobs, mp_context=get_context("spawn")) as pool:
        found = list(chain.from_iterable(pool.map(study, variants)))
    table = report(found)
    write_text(models_folder(args.work) / "writers.md", table)
    print(table)


if __name__ == "__main__":
    main()
