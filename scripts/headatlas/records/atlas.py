"""What an atlas publishes beside its pages: scores, verdicts, and what it was made from."""

from typing import Any

import pyarrow as pa
from pydantic import Field

from .base import VERSION, Record
from .columns import HEAD, field
from .explanation import Explanation

SCORES = pa.schema(
    [
        field("model", pa.string(), "name of the model in the configuration"),
        field("corpus", pa.string(), "name of the corpus"),
        field("explainer", pa.string(), "name of the explainer"),
        field("round", pa.int16(), "round of refinement, from 0"),
        *HEAD,
        field("split", pa.string(), "text it was measured on: validation, test or probes"),
        field("metric", pa.string(), "name of the score"),
        field("value", pa.float64(), "null where it cannot be computed", nullable=True),
        field("low", pa.float64(), "lower end of the 95 % interval", nullable=True),
        field("high", pa.float64(), "upper end", nullable=True),
        field("n", pa.int32(), "observations"),
        field("reason", pa.string(), "why there is no value", nullable=True),
    ]
)

VERDICTS = pa.schema(
    [
        field("model", pa.string(), "name of the model in the configuration"),
        field("corpus", pa.string(), "name of the corpus"),
        field("explainer", pa.string(), "name of the explainer"),
        field("round", pa.int16(), "round of refinement, from 0"),
        *HEAD,
        field("status", pa.string(), "explained, not compared, unexplained or failed"),
        field("reason", pa.string(), "why the head is not explained", nullable=True),
        field("decided_by", pa.list_(pa.string()), "the margins that decided, on test text"),
    ]
)


class PublishedExplanation(Explanation):
    """A line of `explanations.jsonl`: an explanation, and what else is found of its head.

    That is known from other files than explanations are made and scored from: a change of them
    makes the atlas anew and nothing before it.
    """

    writes: str = Field(
        default="", description="what it writes, in a sentence; empty if unmeasured"
    )
    depends: str = Field(default="", description="what depends on it, likewise")
    stated: str = Field(
        default="", description="whether what its explainer states of its writing holds, likewise"
    )


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
