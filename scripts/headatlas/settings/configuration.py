"""The whole configuration, section by section."""

import re
from typing import Annotated, Any

from pydantic import Field

from .activations import Activations
from .base import Settings
from .clustering import Clustering
from .corpus import AnyCorpus
from .effects import Effects
from .endpoint import Endpoint
from .events import Events
from .execution import Execution
from .hybrid import Hybrid
from .language_model import LanguageModel
from .model import Model
from .people import People
from .report import Report
from .scoring import Scoring
from .seed import SeedNumber
from .study import Study
from .sweep import Sweep
from .symbolic import Symbolic
from .writing import Writing

AnyExplainer = Annotated[Symbolic | Hybrid | LanguageModel | People, Field(discriminator="kind")]


def _named(*taken: str, ending: str = "") -> dict[str, Any]:
    """What names of entries may be. They become folders: those of other files are `taken`."""
    title = "a name of letters, digits and . _ + - that begins with a letter or digit"
    refused: list[dict[str, Any]] = []
    if taken:
        title += f", other than {', '.join(taken)}"
        refused.append({"enum": list(taken)})
    if ending:
        title += f", and does not end in {ending}"
        refused.append({"pattern": f"{re.escape(ending)}$"})
    allowed = {"title": title, "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._+-]*$"}
    return {"propertyNames": allowed | ({"not": {"anyOf": refused}} if refused else {})}


class Configuration(Settings):
    """Configuration of Head Atlas."""

    sweep: Sweep = Field(
        default=Sweep(), description="what is run, namely every combination of the names listed"
    )
    seed: SeedNumber
    models: dict[str, Model] = Field(
        description="the models that a sweep can name",
        json_schema_extra=_named(
            "benchmarks", "comparison", "logs", "replies", "simulator", "studies", ending="+random"
        ),
    )
    corpora: dict[str, AnyCorpus] = Field(
        description="the texts that a sweep can name",
        json_schema_extra=_named("model.json", "repeats.parquet", "weights"),
    )
    endpoints: dict[str, Endpoint] = Field(
        default={},
        description="language models that explainers ask, and where they are served",
        json_schema_extra=_named(),
    )
    explainers: dict[str, AnyExplainer] = Field(
        default={"symbolic": Symbolic()},
        description="the explainers that a sweep can name",
        json_schema_extra=_named(
            "ablations",
            "activations",
            "attribution.parquet",
            "events",
            "stats",
            "windows.parquet",
        ),
    )
    clusterings: dict[str, Clustering] = Field(
        default={"minilm": Clustering()},
        description="the clusterings that a sweep can name",
        json_schema_extra=_named(),
    )
    studies: dict[str, Study] = Field(
        default={},
        description="what can be studied by a command of its own, beside the sweep",
        json_schema_extra=_named(),
    )
    activations: Activations = Field(
        default=Activations(), description="what is kept of a model's activations"
    )
    events: Events = Field(default=Events(), description="the exemplars of a head, in each split")
    scoring: Scoring = Field(default=Scoring(), description="how explanations are scored")
    writing: Writing = Field(
        default=Writing(), description="what is told of a head's writing from the weights"
    )
    effects: Effects = Field(
        default=Effects(), description="how it is measured what depends on a head"
    )
    report: Report = Field(default=Report(), description="what the pages show")
    execution: Execution = Field(
        default=Execution(),
        description="how the work is done; none of it changes a result's meaning",
    )
