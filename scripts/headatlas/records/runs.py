"""What is said about a model and about a run as a whole."""

from typing import Any

from pydantic import Field

from .base import VERSION, Record


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
