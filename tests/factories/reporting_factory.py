"""The files of a run over an invented model whose text is hostile."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from headatlas import storage
from headatlas.records.atlas import Recipe
from headatlas.records.base import RANDOM, head_name
from headatlas.records.clusters import Cluster, Clusters, OtherFamilies
from headatlas.records.controls import CONTROLS
from headatlas.records.events import EVENTS
from headatlas.records.explanation import (
    Behaviour,
    Explanation,
    Level,
    Position,
    Program,
    Term,
    Written,
)
from headatlas.records.head import HeadRecord
from headatlas.records.known_roles import KnownRoles, PublishedHead, Recall, RoleList, StandardTest
from headatlas.records.model import ModelInfo
from headatlas.records.repeats import REPEATS
from headatlas.records.scores import HeadScores, Score
from headatlas.records.stats import STATS
from headatlas.records.windows import WINDOWS
from headatlas.reporting.heads import Run
from headatlas.reporting.inputs import Inputs
from headatlas.verdict import verdict_on

R = TypeVar("R", bound=HeadRecord)
LAYERS, HEADS = 2, 3
EVERY_HEAD = [head_name(layer, head) for layer in range(LAYERS) for head in range(HEADS)]
RUN = Run("toy", "hostile", "symbolic", "hdbscan", 1, "Atlas of <toy> & co")
NAMES: dict[str, Any] = {"model": "toy", "corpus": "hostile", "explainer": "symbolic", "round": 1}
RECIPE = Recipe(
    configuration={
        "seed": 0,
        "corpora": {"hostile": {"files": ["<b>|*.txt"], "field": "\u202etext"}},
        "models": {"toy": {"dtype": "float32", "revision": None}},
    },
    code={"explain_head": "0123456789abcdef"},
    templates="fedcba9876543210",
    corpus=None,
)
ATTACK = "=cmd() </script><script>alert(1)</script> | `x` **y** [z](javascript:1)\n\x00 \u202e🙂"
PIECES = [
    "<|bos|>",
    "<script>",
    "alert(1)",
    "</script>",
    "\n\n",
    "\t",
    "    ",
    "\x00",
    " שלום",
    " مرحبا",
    " 🙂",
    "\u202e",
    "\u2028",
    '" onmouseover="x',
    "\\xf0",
    "x" * 200,
]


def event(layer: int, head: int, split: str, kind: str, rank: int) -> dict[str, object]:
    """A window of PIECES whose queries attend to themselves and to the token before."""
    count = len(PIECES)
    query = 1 + (layer + head + rank) % (count - 1)
    activation = [3.0 * (position == query) + position / count for position in range(count)]
    return {
        "layer": layer,
        "head": head,
        "split": split,
        "kind": kind,
        "rank": rank,
        "window": rank,
        "document": f"doc/<{split}>&{rank}",
        "context_kind": "code",
        "query": query,
        "peak": activation[query],
        "tokens": list(range(count)),
        "pieces": PIECES,
        "activation": activation,
        "keys": [key for q in range(count) for key in (q, q - 1)],
        "weights": [weight for q in range(count) for weight in ((0.6, 0.3) if q else (1.0, 0.0))],
        "value_norm": [1.0] * count,
    }


def explanation(layer: int, head: int) -> Explanation:
    """A hostile explanation; the last head of each layer failed."""
    failed = head == HEADS - 1
    behaviour = Behaviour(
        attends_to=ATTACK,
        active_when="",
        family=f"<b>family</b> {head}",
        share=0.25 * (layer + head + 1),
        baseline=0.04,
        frequency=0.5,
        adds=0.125,
        odds=12.5,
        odds_low=10.0,
        odds_high=15.0,
        levels=[Level(name=ATTACK, odds=12.5)],
    )
    position = Position(kernel=[1.0, 2.0, -1.0, 0.0], first=[0.0, 0.5, 1.0, 0.0], second=0.25)
    program = Program(
        bins=[0, 1, 4],
        logit=position,
        terms=[Term(source="previous < 3", trigger="class & 'x'", weight=2.5)],
        position=position,
        constant=0.1,
        written=[Written(source=None, trigger="class & 'x'", amount=1.5)],
    )
    return Explanation(
        **NAMES,
        layer=layer,
        head=head,
        status="failed" if failed else "explained",
        reason=ATTACK if failed else None,
        title="Failed" if failed else ATTACK,
        summary="" if failed else ATTACK,
        behaviours=[] if failed else [behaviour],
        program=None if failed else program,
        confidence=None,
        positive_texts=[],
        negative_texts=[],
    )


def scores(layer: int, head: int) -> HeadScores:
    """Scores on test and probes; none for the failed head."""
    level = None if head == HEADS - 1 else 0.2 + 0.1 * (2 * layer + head)
    reason = ATTACK if level is None else None

    def score(split: Literal["test", "probes"], metric: str, shift: float) -> Score:
        value = None if level is None else round(level + shift, 6)
        low, high = (None, None) if value is None else (value - 0.1, value + 0.1)
        if metric == "attention_gain_margin" and layer == 1 and low is not None:
            low += 0.02  # clear of what counts
        return Score(
            split=split, metric=metric, value=value, low=low, high=high, n=8, reason=reason
        )

    found = [
        score("test", "attention_gain", 0.0),
        score("test", "attention_gain_control", -0.2),
        score("test", "attention_gain_margin", -0.25),
        score("test", "attention_gain_layer_control", -0.1),
        score("test", "attention_gain_layer_margin", -0.3),
        score("test", "pair_auroc", 0.3),
        score("probes", "effect_size", -0.4),
    ]
    verdict = verdict_on(explanation(layer, head), found)
    return HeadScores(**NAMES, layer=layer, head=head, verdict=verdict, scores=found)


def standard_tests(selected: Sequence[str]) -> KnownRoles:
    """One that a head passes and one that none does."""
    recall = Recall(found=1, sought=2, compared=6, expected=0.5, p=0.25)
    shared = {"high_from": 0.4, "some_from": 0.2}
    tests = [
        StandardTest(
            metric="prefix_matching",
            family="<b>family</b> 0",
            high=["L00H00", "L00H01"],
            missed=[name for name in ("L00H01",) if name in selected],
            recall=recall,
            named=3,
            right=2,
            **shared,
        ),
        StandardTest(
            metric="sink", family="x", high=[], missed=[], recall=None, named=0, right=0, **shared
        ),
    ]
    return KnownRoles(**NAMES, tests=tests, lists=[])


def known_roles() -> KnownRoles:
    """A list that is graded and one that is not, of hostile words; L01H01 may not be in the run."""
    names = {"source": ATTACK, "arxiv": "1234.5678", "checked": "memory"}
    one, other, absent = (
        PublishedHead(head=head, families=named, recovered=found, value=0.5, rank=rank, **names)
        for head, named, found, rank in (
            ("L00H00", ["<b>family</b> 0"], True, 1),
            ("L00H02", [], False, 4),
            ("L01H01", None, None, None),
        )
    )
    recall = Recall(found=1, sought=2, compared=6, expected=0.5, p=0.0004)
    ungraded = [head.model_copy(update={"recovered": None, "rank": None}) for head in (one, other)]
    return KnownRoles(
        **NAMES,
        tests=[],
        lists=[
            RoleList(
                role="<b>role</b> | a",
                test=ATTACK,
                heads=[one, other, absent],
                family="<b>family</b> 0",
                metric="prefix_matching",
                measured_on="repeated random tokens",
                explained=recall,
                measured=None,
            ),
            RoleList(role="mover", test="names", heads=ungraded, not_graded="Not seen in <p>."),
        ],
    )


def lower(record: HeadScores) -> HeadScores:
    """Each score a little lower, so that a page cannot show one in the place of the other."""

    def less(value: float | None) -> float | None:
        return None if value is None else round(value - 0.05, 6)

    found = [
        s.model_copy(update={"value": less(s.value), "low": less(s.low), "high": less(s.high)})
        for s in record.scores
    ]
    about = explanation(record.layer, record.head)
    return record.model_copy(update={"verdict": verdict_on(about, found), "scores": found})


def untrained(record: R) -> R:
    """The same of the model's twin with random weights."""
    return record.model_copy(update={"model": f"{RUN.model}{RANDOM}"})


def write_run(folder: Path, selected: Sequence[str] = EVERY_HEAD) -> Inputs:
    """All input files of an atlas of the selected heads, in `folder`."""
    info = ModelInfo(
        model="toy",
        source="org/<toy>|x",
        revision="main",
        commit="ef" * 20,
        architecture="Toy",
        n_layers=LAYERS,
        n_heads=HEADS,
        attention_layers=list(range(LAYERS)),
        n_key_value_heads=HEADS,
        d_model=12,
        d_head=4,
        context=64,
        vocabulary=99,
        parameters=1234,
        dtype="float32",
        bos_token_id=0,
        weights_sha256="ab" * 32,
        tokenizer_sha256="cd" * 32,
    )
    storage.write_record(folder / "model.json", info)
    facts = {
        "documents": 3,
        "kind": "lines | <b>",
        "documents_too_short": 1,
        "tokens_sha256": "12" * 32,
    }
    storage.write_rows(folder / "windows.parquet", [], WINDOWS, facts)
    kinds = [("test", kind) for kind in ("top", "quantile", "random")] + [("train", "top")]
    for layer in range(LAYERS):
        heads = [head for head in range(HEADS) if head_name(layer, head) in selected]
        if not heads:
            continue
        events = [
            event(layer, head, split, kind, rank)
            for head in heads
            for split, kind in kinds
            for rank in range(2)
        ]
        stats = [
            {"layer": layer, "head": head, "metric": metric, "value": value}
            | {"low": value - 0.05, "high": value + 0.05, "n": 8}
            for head in heads
            for metric, value in (("previous_token", 0.1 * (layer + head)), ("entropy", 1.0))
        ]
        storage.write_rows(folder / f"events/layer{layer:02d}.parquet", events, EVENTS)
        storage.write_rows(folder / f"stats/layer{layer:02d}.parquet", stats, STATS)
        for head in heads:
            name = f"{head_name(layer, head)}.json"
            storage.write_record(folder / "explanations" / name, explanation(layer, head))
            storage.write_record(folder / "scores" / name, scores(layer, head))

    for layer, head in ((0, 0), (0, 2), (1, 1)):
        name = f"{head_name(layer, head)}.json"
        twin = folder / "random"
        storage.write_record(twin / "explanations" / name, untrained(explanation(layer, head)))
        storage.write_record(twin / "scores" / name, untrained(lower(scores(layer, head))))

    def only(*names: str) -> list[str]:
        return [name for name in names if name in selected]

    cluster = Cluster(
        cluster=0,
        label=ATTACK,
        terms=["<i>", "line"],
        heads=only("L00H00", "L01H00"),
        medoid="L00H00",
        agreement=0.9,
        specificity=0.4,
        coverage=0.5,
    )
    clusters = Clusters(
        model="toy",
        corpus="hostile",
        explainer=NAMES["explainer"],
        clustering="hdbscan",
        clusters=[cluster],
        unclustered=only("L00H01", "L01H01"),
        unexplained=only("L00H02", "L01H02"),
        other=OtherFamilies(
            of="weights",
            clusters=[cluster],
            rand_index=0.4,
            chance=0.1,
            pairs_kept=0.5,
            pairs_shared=0.25,
        ),
    )
    storage.write_record(folder / "clusters.json", clusters)
    same = [("L00H01", 1, 0), ("L00H01", 1, 1), ("L01H00", 0, 1), ("L01H01", 0, 1)]
    twins = [
        {"layer": int(name[1:3]), "head": int(name[4:]), "relation": "twin", "rank": 0}
        | {"other_layer": layer, "other_head": head, "similarity": 0.95}
        for name, layer, head in same
        if {name, head_name(layer, head)} <= {*selected}
    ]
    storage.write_rows(folder / "controls.parquet", twins, CONTROLS)
    storage.write_record(folder / "known_roles.json", standard_tests(selected))
    repeats = [
        {"layer": layer, "head": head, "metric": "prefix_matching", "length": length}
        | {"value": value, "low": value - 0.05, "high": value + 0.05, "n": 8}
        for layer in range(LAYERS)
        for head in range(HEADS)
        for length, value in ((4, 0.9), (None, 0.1 * (layer + head)))
    ]
    storage.write_rows(folder / "repeats.parquet", repeats, REPEATS)
    return Inputs(
        folder / "model.json",
        folder / "windows.parquet",
        sorted((folder / "events").iterdir()),
        sorted((folder / "stats").iterdir()),
        selected,
        folder / "explanations",
        folder / "scores",
        folder / "controls.parquet",
        folder / "clusters.json",
        folder / "known_roles.json",
        folder / "repeats.parquet",
        random_heads=["L00H00", "L00H02", "L01H01"],
        random_round=folder / "random",
    )
