"""What is on disk: every table and every JSON record, defined once.

Stages do not import each other: a stage reads the records of the one before and
writes its own. Tables are Arrow schemas, JSON records are pydantic models; the
JSON schemas in `workflow/schemas/` are generated from this module.

Symbols used in the descriptions: T tokens of a window, K keys kept of each query
row, position 0 the first token of a window (the BOS token where there is one).
"""

from typing import Any, Literal

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

VERSION = 1
RANDOM = "+random"  # ends the name of a model's twin: its architecture with random weights
Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
HEAD_METRICS = (
    "previous_token",
    "current_token",
    "duplicate_token",
    "induction",
    "sink",
    "entropy",
    "distance_mean",
    "distance_variance",
    "delimiter",
)


# Scores of what an explanation predicts for unseen text, which hold on any corpus.
PREDICTION_SCORES = ("attention_correlation", "salience_correlation", "pair_auroc")


def head_name(layer: int, head: int) -> str:
    """`L03H11`: the name of a head in paths, tables and pages."""
    return f"L{layer:02d}H{head:02d}"


def _field(name: str, kind: pa.DataType, description: str, *, nullable: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable, {"description": description})


_HEAD = [
    _field("layer", pa.int16(), "layer of the head, from 0"),
    _field("head", pa.int16(), "head within the layer, from 0"),
]

WINDOWS = pa.schema(
    [
        _field("window", pa.int32(), "number of the window, from 0 in file order"),
        _field("split", pa.string(), "train, validation or test; a document is in one of them"),
        _field("document", pa.string(), "name of the document it was cut from"),
        _field("start", pa.int32(), "character of the document at which its text begins"),
        _field("sampled", pa.bool_(), "in the seeded sample for which attention is kept"),
        _field("tokens", pa.list_(pa.int32()), "[T] token ids, BOS included"),
        _field("pieces", pa.list_(pa.string()), "[T] text of each token; broken UTF-8 as \\xNN"),
    ]
)

ACTIVATIONS = pa.schema(
    [
        _field("window", pa.int32(), "window of the row"),
        _field("head", pa.int16(), "head of the row; the layer is in the file name"),
        _field("salience", pa.list_(pa.float16()), "[T] salience of the head at each token"),
        _field(
            "keys",
            pa.list_(pa.int16()),
            "[T*K] key 0 and the key positions of largest attention, row after row, -1 where there "
            "is none; null where attention was not kept",
            nullable=True,
        ),
        _field("weights", pa.list_(pa.float16()), "[T*K] their attention weights", nullable=True),
        _field(
            "value_norm",
            pa.list_(pa.float16()),
            "[T] norm of what the head would write if it attended to this token alone, |v W_O|",
            nullable=True,
        ),
        *(
            _field(metric, pa.float32(), "head metric of this window", nullable=True)
            for metric in HEAD_METRICS
        ),
    ]
)

EVENTS = pa.schema(
    [
        *_HEAD,
        _field("split", pa.string(), "split of the window"),
        _field(
            "kind", pa.string(), "top, quantile (by peak salience) or random (same for all heads)"
        ),
        _field("rank", pa.int16(), "order within split and kind, from 0"),
        _field("window", pa.int32(), "window of the exemplar"),
        _field("document", pa.string(), "document of the window"),
        _field("context_kind", pa.string(), "kind of text: code, prose, table or other"),
        _field("query", pa.int16(), "position of largest salience, position 0 left out"),
        _field("peak", pa.float32(), "salience there"),
        _field("tokens", pa.list_(pa.int32()), "[T] token ids"),
        _field("pieces", pa.list_(pa.string()), "[T] text of each token"),
        _field("salience", pa.list_(pa.float32()), "[T] salience of each token"),
        _field("keys", pa.list_(pa.int16()), "[T*K] key 0 and the largest others, -1 for none"),
        _field("weights", pa.list_(pa.float32()), "[T*K] their attention weights"),
        _field("value_norm", pa.list_(pa.float32()), "[T] |v W_O| of each token"),
    ]
)

STATS = pa.schema(
    [
        *_HEAD,
        _field("metric", pa.string(), "head metric"),
        _field("value", pa.float32(), "mean over the sampled windows"),
        _field("low", pa.float32(), "2.5 % quantile of the bootstrap over windows"),
        _field("high", pa.float32(), "97.5 % quantile"),
        _field("n", pa.int32(), "windows"),
    ]
)

REPEATS = pa.schema(
    [
        *_HEAD,
        _field("metric", pa.string(), "prefix_matching, duplicate_token, previous_token or sink"),
        _field("value", pa.float32(), "mean attention, over the queries of the second saying"),
    ]
)

PROBES = pa.schema(
    [
        *_HEAD,
        _field("case", pa.int16(), "number of the test text, from 0"),
        _field("positive", pa.bool_(), "whether the explanation says the head is active in it"),
        _field("text", pa.string(), "the test text"),
        _field("pieces", pa.list_(pa.string()), "[T] text of each token as the model saw it"),
        _field("salience", pa.list_(pa.float32()), "[T] measured salience of each token"),
        _field("peak", pa.float32(), "largest salience, position 0 left out"),
        _field("mean", pa.float32(), "mean salience, position 0 left out"),
    ]
)

SCORES = pa.schema(
    [
        _field("model", pa.string(), "name of the model in the configuration"),
        _field("corpus", pa.string(), "name of the corpus"),
        _field("explainer", pa.string(), "name of the explainer"),
        _field("round", pa.int16(), "round of refinement, from 0"),
        *_HEAD,
        _field("split", pa.string(), "text it was measured on: validation, test or probes"),
        _field("metric", pa.string(), "name of the score"),
        _field("value", pa.float64(), "null where it cannot be computed", nullable=True),
        _field("low", pa.float64(), "lower end of the 95 % interval", nullable=True),
        _field("high", pa.float64(), "upper end", nullable=True),
        _field("n", pa.int32(), "observations"),
        _field("reason", pa.string(), "why there is no value", nullable=True),
    ]
)

MATCHES = pa.schema(
    [
        _field("model", pa.string(), "model of the head; heads of both models are in the table"),
        *_HEAD,
        _field("other", pa.string(), "the other model"),
        _field("other_layer", pa.int16(), "layer of the head in the other model"),
        _field("other_head", pa.int16(), "its number within the layer"),
        _field("rank", pa.int16(), "0 for the best match of the head, then the next best"),
        _field("similarity", pa.float32(), "Pearson correlation of what sets the two heads apart"),
        _field("null95", pa.float32(), "95 % quantile of the best similarity by chance"),
        _field(
            "p", pa.float32(), "(1 + shuffles whose best similarity is as large) / (1 + shuffles)"
        ),
        _field("mutual", pa.bool_(), "whether each of the two is the best match of the other"),
        _field("words", pa.int32(), "words of test passages behind the similarity"),
    ]
)

_VALUE = [
    _field("value", pa.float64(), "null where it cannot be computed", nullable=True),
    _field("low", pa.float64(), "lower end of the 95 % interval over heads", nullable=True),
    _field("high", pa.float64(), "upper end", nullable=True),
    _field("n", pa.int32(), "heads"),
]
_STUDY = [
    _field("model", pa.string(), "name of the model"),
    _field("corpus", pa.string(), "name of the corpus"),
    _field("explainer", pa.string(), "name of the explainer"),
]
_CLUSTERING = _field("clustering", pa.string(), "whose encoder compares explanations")

TRANSFERS = pa.schema(
    [
        *_STUDY,
        _field("other", pa.string(), "corpus on whose test windows the explanation is scored"),
        *_HEAD,
        _field("metric", pa.string(), "name of the score"),
        _field("value", pa.float64(), "null where it cannot be computed", nullable=True),
        _field("low", pa.float64(), "lower end of the 95 % interval", nullable=True),
        _field("high", pa.float64(), "upper end", nullable=True),
        _field("n", pa.int32(), "observations"),
        _field("reason", pa.string(), "why there is no value", nullable=True),
    ]
)

RUNS = pa.schema(
    [
        *_STUDY,
        _field("clustering", pa.string(), "name of the clustering"),
        _field("parameters", pa.int64(), "parameters of the model"),
        _field("heads", pa.int32(), "heads of the run"),
        _field("explained", pa.int32(), "those with an explanation"),
        _field("families", pa.int32(), "families of heads"),
        _field("unclustered", pa.int32(), "explained heads in no family"),
    ]
)

QUALITY = pa.schema(
    [
        *_STUDY,
        _field("parameters", pa.int64(), "parameters of the model"),
        _field("depth_from", pa.float64(), "relative depth of the layers: 0 at the input, ..."),
        _field("depth_to", pa.float64(), "... 1 at the output; from 0 to 1 for all heads"),
        _field("metric", pa.string(), "median of a score over heads, or a share of heads"),
        *_VALUE,
    ]
)

DIFFERENCES = pa.schema(
    [
        _field("compared", pa.string(), "corpora or explainers"),
        _field("model", pa.string(), "name of the model"),
        _field("within", pa.string(), "the explainer, or the corpus, that both have in common"),
        _field("first", pa.string(), "name of one corpus or explainer"),
        _field("second", pa.string(), "name of the other"),
        _field("metric", pa.string(), "score, or share of heads, as in the table of quality"),
        *_VALUE,
    ]
)

COUNTERPARTS = pa.schema(
    [
        *_STUDY,
        _CLUSTERING,
        *_HEAD,
        _field("other", pa.string(), "name of the other model"),
        _field("matched_head", pa.string(), "its head that behaves most alike", nullable=True),
        _field("similarity", pa.float64(), "similarity of their behaviour", nullable=True),
        _field("null95", pa.float64(), "95 % quantile of it by chance", nullable=True),
        _field("words", pa.int32(), "words behind the similarity", nullable=True),
        _field(
            "matched",
            pa.bool_(),
            "whether it is above that, and each the other's best",
            nullable=True,
        ),
        _field("matched_cosine", pa.float64(), "cosine of their explanations", nullable=True),
        _field(
            "shuffled_cosine",
            pa.float64(),
            "mean cosine of the head's explanation and all explanations of the other model",
            nullable=True,
        ),
        _field("alike_head", pa.string(), "its head explained most alike", nullable=True),
        _field("alike_cosine", pa.float64(), "cosine of these explanations", nullable=True),
        _field("alike", pa.bool_(), "whether these explanations say the same", nullable=True),
    ]
)

UNIVERSALITY = pa.schema(
    [
        *_STUDY,
        _CLUSTERING,
        _field("by", pa.string(), "heads are matched by behaviour or by explanation"),
        _field("others", pa.int16(), "other models"),
        _field("heads", pa.int32(), "heads that could be matched"),
        _field("universal", pa.int32(), "heads matched in every other model"),
        _field("universal_expected", pa.float64(), "as many are expected by chance"),
        _field("specific", pa.int32(), "heads matched in no other model"),
        _field("specific_expected", pa.float64(), "as many are expected by chance"),
    ]
)

AGREEMENT = pa.schema(
    [
        *_STUDY,
        _CLUSTERING,
        _field("other", pa.string(), "name of the other model"),
        _field("measure", pa.string(), "what is compared between the two ways of matching"),
        *_VALUE,
    ]
)

GENERALISATION = pa.schema(
    [
        *_STUDY,
        _CLUSTERING,
        _field("other", pa.string(), "name of the other corpus"),
        _field("measure", pa.string(), "what is compared between the two corpora"),
        *_VALUE,
    ]
)

COST = pa.schema(
    [
        _field("model", pa.string(), "name of the model; empty for what is about all models"),
        _field("corpus", pa.string(), "name of the corpus; empty for what is about all"),
        _field("explainer", pa.string(), "name of the explainer; empty for what is about all"),
        _field("rule", pa.string(), "rule of the workflow"),
        _field("jobs", pa.int32(), "jobs measured"),
        _field("seconds", pa.float64(), "wall time of all jobs together"),
        _field("longest", pa.float64(), "wall time of the longest job, in seconds"),
        _field("cpu_seconds", pa.float64(), "processor time, where it was seen", nullable=True),
        _field("memory", pa.float64(), "peak resident memory of a job in MiB", nullable=True),
        _field("seconds_per_head", pa.float64(), "wall time by head of the model", nullable=True),
    ]
)

TABLES = {
    "windows": WINDOWS,
    "activations": ACTIVATIONS,
    "events": EVENTS,
    "stats": STATS,
    "repeats": REPEATS,
    "probes": PROBES,
    "scores": SCORES,
    "matches": MATCHES,
    "transfers": TRANSFERS,
    "runs": RUNS,
    "quality": QUALITY,
    "differences": DIFFERENCES,
    "counterparts": COUNTERPARTS,
    "universality": UNIVERSALITY,
    "agreement": AGREEMENT,
    "generalisation": GENERALISATION,
    "cost": COST,
}


class Record(BaseModel):
    """A JSON file, or a part of one. Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class ModelInfo(Record):
    """`model.json`: geometry and identity of a subject."""

    version: int = VERSION
    model: str
    source: str
    revision: str | None = Field(description="as the configuration names it")
    commit: str | None = Field(default=None, description="what that was on the hub, if there")
    architecture: str
    n_layers: int
    n_heads: int
    n_key_value_heads: int
    d_model: int
    d_head: int
    context: int = Field(description="longest input in tokens")
    vocabulary: int
    parameters: int = Field(description="trained numbers; tied weights count once, buffers not")
    dtype: str
    bos_token_id: int | None
    weights_sha256: str = Field(description="of the weights as published")
    random_seed: int | None = Field(
        default=None,
        description="seed of random initial weights, which are drawn when the model is loaded; "
        "null: the published weights",
    )
    tokenizer_sha256: str


class HeadRecord(Record):
    """What every record about one head of one run begins with."""

    version: int = VERSION
    model: str
    corpus: str
    explainer: str
    round: int
    layer: int
    head: int


class Behaviour(Record):
    """One thing a head does. Shares are of attention mass on validation text."""

    attends_to: str = Field(description="English noun phrase: what the head attends to")
    active_when: str = Field(description="English clause: when; empty if always")
    family: str = Field(description="short name of the behaviour, such as induction")
    coverage: float | None = Field(description="share of all attention mass it accounts for")
    base_rate: float | None = Field(description="the same share under uniform attention")
    frequency: float | None = Field(description="share of queries at which it applies")


class Rule(Record):
    """One line of an executable hypothesis; the first line that applies to a query decides."""

    source: str = Field(description="expression: which keys")
    trigger: str = Field(description="expression: which queries")
    mass: float = Field(description="attention mass predicted on these keys together")
    salience: float = Field(description="salience predicted at these queries")


class Program(Record):
    """An executable hypothesis: a decision list and what holds where no line applies."""

    rules: list[Rule]
    rest_salience: float


class Explanation(HeadRecord):
    """`explanations/LxxHyy.json`: what an explainer says about a head."""

    status: Literal["explained", "unexplained", "failed"]
    reason: str | None = Field(description="why there is no explanation")
    summary: str = Field(description="the explanation in plain English, with its figures")
    behaviours: list[Behaviour]
    program: Program | None = Field(description="the executable form, where there is one")
    confidence: float | None
    positive_texts: list[str] = Field(description="texts in which the head should be active")
    negative_texts: list[str] = Field(description="texts in which it should not")


class Prediction(Record):
    """What an explanation predicts for one window: salience, and attention as sparse rows."""

    split: Split
    window: int
    salience: list[float] = Field(description="[T] predicted salience of each token")
    keys: list[list[int]] = Field(description="[T][...] predicted key positions of each query")
    weights: list[list[float]] = Field(description="[T][...] attention predicted on each")


class Judgement(HeadRecord):
    """`judgements/LxxHyy.json`: predictions made from the explanation alone.

    They cover the random windows of the validation and test splits, which are the
    same for every head, so that one head's predictions can be held against another's
    activations as a control.
    """

    reason: str | None = Field(description="why there are no predictions")
    predictions: list[Prediction]


class Score(Record):
    """One number about an explanation, or the reason why there is none."""

    split: Literal["validation", "test", "probes"]
    metric: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int
    reason: str | None = None


class HeadScores(HeadRecord):
    """`scores/LxxHyy.json`."""

    scores: list[Score]


class Cluster(Record):
    """A family of heads whose explanations are alike."""

    cluster: int
    label: str
    terms: list[str] = Field(description="words that set it apart, strongest first")
    heads: list[str] = Field(description="its heads, as LxxHyy")
    medoid: str = Field(description="the head nearest to all others of the family")
    agreement: float = Field(description="mean cosine similarity between its explanations")
    specificity: float = Field(description="agreement minus mean similarity to heads outside")
    coverage: float = Field(description="share of all explained heads")


class Clusters(Record):
    """`clusters.json`."""

    version: int = VERSION
    model: str
    corpus: str
    explainer: str
    clustering: str
    clusters: list[Cluster]
    unclustered: list[str] = Field(description="explained heads in no family")
    unexplained: list[str] = Field(description="heads that had no explanation to cluster")


class PublishedHead(Record):
    """A head of a list of published roles, and what the run says of it."""

    head: str = Field(description="its name, as LxxHyy")
    source: str = Field(description="who published the role")
    arxiv: str = Field(description="number of the paper; empty where there is none")
    checked: str = Field(description="read in code, paper or excerpt, or from memory")
    families: list[str] | None = Field(
        description="families of the behaviours of its explanation; null where the run left it out"
    )
    recovered: bool | None = Field(
        description="whether the family of the role is among them; null where it is not graded"
    )
    value: float | None = Field(description="of the metric of the list, where measured")
    rank: int | None = Field(description="of this value among all heads measured, 1 the largest")


class Recall(Record):
    """How many of the published heads were picked from all that were compared."""

    found: int = Field(description="published heads among those picked")
    published: int = Field(description="published heads among those compared")
    compared: int = Field(description="heads from which they were picked")
    expected: float = Field(description="mean of found if what was picked is shuffled among heads")
    p: float = Field(description="probability that shuffling finds as many")


class RoleList(Record):
    """The heads that sources give one role by one test, held against a run."""

    role: str
    test: str = Field(description="what the sources tested the heads on")
    heads: list[PublishedHead]
    not_graded: str | None = Field(default=None, description="why this list is not graded")
    family: str | None = Field(default=None, description="family that explains the role")
    metric: str | None = Field(default=None, description="measurement of the role")
    measured_on: str | None = Field(default=None, description="text of the measurement")
    explained: Recall | None = Field(
        default=None, description="picked are the heads explained by the family"
    )
    measured: Recall | None = Field(
        default=None,
        description="picked are the heads of largest metric, as many as are published",
    )


class KnownRoles(Record):
    """`known_roles.json`: heads with published roles, held against the explanations of a run."""

    version: int = VERSION
    model: str
    corpus: str
    explainer: str
    round: int
    lists: list[RoleList]


class Recipe(Record):
    """What the workflow knows of a run before its first job; together with the model's
    weights, it decides what comes out."""

    configuration: dict[str, Any] = Field(description="the settings and entries that the run uses")
    code: dict[str, str] = Field(description="by rule, digest of its script and of all it imports")
    templates: str = Field(description="digest of the templates of the pages")
    corpus: str | None = Field(
        description="digest of the corpus's local files, or the version of the Python it is "
        "the text of; null for a corpus on the hub, whose commit is among the facts of windows"
    )


class Circumstances(Record):
    """Where a run was made: what two machines may differ in though their results are equal."""

    python: str
    platform: str = Field(description="operating system and processor")
    packages: dict[str, str | None] = Field(description="versions; null where not installed")
    git_commit: str | None = Field(description="of the workflow; -dirty after it: with changes")


class RunRecord(Record):
    """`run.json`: what an atlas was made from."""

    version: int = VERSION
    headatlas: str = Field(description="version of Head Atlas")
    model: str
    corpus: str
    explainer: str
    clustering: str
    round: int
    commit: str | None = Field(default=None, description="of the model on the hub, if there")
    weights_sha256: str
    tokenizer_sha256: str
    windows: dict[str, Any] = Field(description="facts of the windows, tokens_sha256 among them")
    recipe: Recipe
    circumstances: Circumstances


class SharedCluster(Cluster):
    """A family of heads of several models, whose heads are named model/LxxHyy."""

    models: dict[str, int] = Field(description="its heads of each model, those without left out")


class SharedClusters(Record):
    """The families of all explained heads of one corpus and explainer."""

    corpus: str
    explainer: str
    clustering: str
    clusters: list[SharedCluster]
    unclustered: list[str] = Field(description="explained heads in no family")


class SharedFamilies(Record):
    """`families.json` of the comparison."""

    version: int = VERSION
    groups: list[SharedClusters]


JSON_RECORDS: dict[str, type[Record]] = {
    "model": ModelInfo,
    "explanation": Explanation,
    "judgement": Judgement,
    "head_scores": HeadScores,
    "clusters": Clusters,
    "known_roles": KnownRoles,
    "run": RunRecord,
    "shared_families": SharedFamilies,
}
